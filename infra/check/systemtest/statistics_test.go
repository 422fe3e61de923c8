package systemtest_test

import (
	"math"
	"testing"

	"identitypools/infra/check/systemtest"
)

// The expected values are those of SciPy (the example in the documentation of mannwhitneyu) and of
// R (the example in the documentation of wilcox.test: ozone in New York in May and August 1973,
// which has ties).
func TestMannWhitney(t *testing.T) {
	t.Parallel()
	may := []float64{
		41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4,
		32, 23, 45, 115, 37,
	}
	august := []float64{
		39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9,
		45, 168, 73, 76, 118, 84, 85,
	}
	for _, c := range []struct {
		name string
		a, b []float64
		want float64
	}{
		{
			"values without ties",
			[]float64{19, 22, 16, 29, 24},
			[]float64{20, 11, 17, 12},
			0.11134688653314041,
		},
		{"values with ties", may, august, 0.0001208},
		{"the same the other way round", august, may, 0.0001208},
		{"equal samples", may, may, 1},
		{"one value", []float64{3, 3, 3}, []float64{3, 3}, 1},
	} {
		if got := systemtest.MannWhitney(c.a, c.b); math.Abs(got-c.want) > c.want*1e-3 {
			t.Errorf("%s: p = %v, want %v", c.name, got, c.want)
		}
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []float64
		want   float64
	}{{[]float64{3, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}, {[]float64{7}, 7}} {
		if got := systemtest.Median(c.values); got != c.want {
			t.Errorf("the median of %v is %v, want %v", c.values, got, c.want)
		}
	}
}
