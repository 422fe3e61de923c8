// Package cost computes what the product costs in AWS: the price of a million calls of each route,
// and of a month. It uses measured capacity units, list prices and assumptions about users, and
// produces docs/cost.md. Its test makes the measurements. No package of the product imports it.
package cost

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Price is the price of a number of units.
type Price struct {
	USD    float64 `json:"usd"`
	Per    float64 `json:"per"`
	Unit   string  `json:"unit"`
	Source string  `json:"source"` // web page with the price
	AsOf   string  `json:"as_of"`  // date of the page
}

// Cost returns the price of n units.
func (p Price) Cost(n float64) float64 { return n * p.USD / p.Per }

// Prices are the list prices of a region in USD.
type Prices struct {
	Region         string `json:"region"`
	WriteUnits     Price  `json:"write_units"`
	ReadUnits      Price  `json:"read_units"`
	TableStorage   Price  `json:"table_storage"`
	TableBackup    Price  `json:"table_backup"`
	LambdaTime     Price  `json:"lambda_time"`
	LambdaRequests Price  `json:"lambda_requests"`
	APIRequests    Price  `json:"api_requests"`
	Mails          Price  `json:"mails"`
	QueueRequests  Price  `json:"queue_requests"`
	Logs           Price  `json:"logs"`
	Metrics        Price  `json:"metrics"`
	Alarms         Price  `json:"alarms"`
	Dashboards     Price  `json:"dashboards"`
	Secrets        Price  `json:"secrets"`
	SecretCalls    Price  `json:"secret_calls"`
}

// ParsePrices decodes prices.json. It returns an error if a price is missing, unknown or without a
// source.
func ParsePrices(text []byte) (Prices, error) {
	var p Prices
	if err := parse(text, &p); err != nil {
		return p, fmt.Errorf("parse prices: %w", err)
	}
	for i, price := range p.list() {
		if price.USD <= 0 || price.Per <= 0 || price.Unit == "" || price.Source == "" ||
			price.AsOf == "" {
			return p, fmt.Errorf("parse prices: price %d (%q) is not whole", i+1, price.Unit)
		}
	}
	return p, nil
}

func (p Prices) list() []Price {
	return []Price{
		p.WriteUnits, p.ReadUnits, p.TableStorage, p.TableBackup, p.LambdaTime,
		p.LambdaRequests, p.APIRequests,
		p.Mails, p.QueueRequests,
		p.Logs, p.Metrics, p.Alarms, p.Dashboards, p.Secrets, p.SecretCalls,
	}
}

func parse(text []byte, v any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(v)
}
