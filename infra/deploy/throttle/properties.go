package throttle

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Limit is how many requests a route accepts: Rate in a second on average, and Burst at once.
type Limit struct{ Rate, Burst int }

// Properties returns the properties of the custom resource: which stage of which API has which
// limits, by route key ("GET /path"). Other properties may be added, and are ignored.
func Properties(api, stage string, limits map[string]Limit) map[string]any {
	return map[string]any{"ApiId": api, "StageName": stage, "Limits": limits}
}

// stage names a stage of an API.
type stage struct{ api, name string }

// properties are the properties of a request.
type properties struct {
	stage  stage
	limits map[string]limit
}

// parse reads the properties of a request. CloudFormation makes strings of all numbers.
func parse(values map[string]any) (properties, error) {
	text, err := json.Marshal(values)
	if err != nil {
		return properties{}, fmt.Errorf("encode the properties: %w", err)
	}
	var decoded struct {
		ApiId, StageName string
		Limits           map[string]struct{ Rate, Burst json.Number } // also in quotes
	}
	if err := json.Unmarshal(text, &decoded); err != nil {
		return properties{}, fmt.Errorf("decode the properties: %w", err)
	}
	if decoded.ApiId == "" || decoded.StageName == "" || len(decoded.Limits) == 0 {
		return properties{}, errors.New("the properties must have ApiId, StageName and Limits")
	}
	p := properties{stage{decoded.ApiId, decoded.StageName}, map[string]limit{}}
	for key, l := range decoded.Limits {
		rate, rateErr := l.Rate.Int64()
		burst, burstErr := l.Burst.Int64()
		if rateErr != nil || burstErr != nil || rate < 1 || burst < 1 || burst > maxBurst {
			return properties{}, fmt.Errorf("the limit of %s must be two numbers of at least 1, and is %q, %q",
				key, l.Rate, l.Burst)
		}
		p.limits[key] = limit{float64(rate), int32(burst)}
	}
	return p, nil
}
