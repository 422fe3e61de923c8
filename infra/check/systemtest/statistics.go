package systemtest

import (
	"cmp"
	"math"
	"slices"
)

// MannWhitney returns the two-sided p-value of the Mann-Whitney U test: the probability that two
// samples of one distribution differ in rank at least as much as a and b do. It uses the normal
// approximation with corrections for ties and continuity, which is good if each sample has at least
// about ten values. It returns 1 if all values are equal.
func MannWhitney(a, b []float64) float64 {
	ranks, ties := rankSum(a, b)
	m, n := float64(len(a)), float64(len(b))
	u := ranks - m*(m+1)/2
	mean, all := m*n/2, m+n
	deviation := math.Sqrt(m * n / 12 * (all + 1 - ties/(all*(all-1))))
	if deviation == 0 {
		return 1
	}
	z := max(0, math.Abs(u-mean)-0.5) / deviation
	return math.Erfc(z / math.Sqrt2)
}

// rankSum returns the sum of the ranks of a's values among the values of both samples. Equal values
// have the mean of their ranks. The second result is the sum of t³-t over all groups of t equal
// values.
func rankSum(a, b []float64) (sum, ties float64) {
	type value struct {
		of float64
		a  bool
	}
	var all []value
	for _, x := range a {
		all = append(all, value{x, true})
	}
	for _, x := range b {
		all = append(all, value{x, false})
	}
	slices.SortFunc(all, func(x, y value) int { return cmp.Compare(x.of, y.of) })
	for from := 0; from < len(all); {
		to := from
		for to < len(all) && all[to].of == all[from].of {
			to++
		}
		t := float64(to - from)
		ties += t*t*t - t
		for _, v := range all[from:to] {
			if v.a {
				sum += float64(from+to+1) / 2
			}
		}
		from = to
	}
	return sum, ties
}

// Median returns the median of values, which must not be empty.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
