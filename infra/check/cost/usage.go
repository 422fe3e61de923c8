package cost

import (
	"errors"
	"fmt"
)

// Assumption is a number that was not measured, with the reason for it.
type Assumption struct {
	Is  float64 `json:"is"`
	Why string  `json:"why"`
}

// Habit is how often an active user causes a call in a month, with the reason for the number.
type Habit struct {
	Operation string  `json:"operation"`
	Calls     float64 `json:"calls"`
	Why       string  `json:"why"`
}

// Usage has all assumptions. Times are in milliseconds.
type Usage struct {
	RoundTrip     Assumption `json:"round_trip_ms"`
	Mail          Assumption `json:"mail_ms"`
	Work          Assumption `json:"work_ms"`
	Hash          Assumption `json:"hash_ms"`
	ColdShare     Assumption `json:"cold_share"`
	Cold          Assumption `json:"cold_ms"`
	AccessLog     Assumption `json:"access_log_bytes"`
	FunctionLog   Assumption `json:"function_log_bytes"`
	StoredUsers   Assumption `json:"stored_users"`
	Secrets       Assumption `json:"secrets"`
	Alarms        Assumption `json:"alarms"`
	Dashboards    Assumption `json:"dashboards"`
	Metrics       Assumption `json:"metrics"`
	Ticks         Assumption `json:"ticks"`
	QueueRequests Assumption `json:"queue_requests"`
	IdlePolls     Assumption `json:"idle_polls"`
	ActiveUsers   []int      `json:"active_users"`
	Month         []Habit    `json:"month"`
}

// ParseUsage decodes usage.json. It returns an error if an assumption is missing, unknown or
// without a reason.
func ParseUsage(text []byte) (Usage, error) {
	var u Usage
	if err := parse(text, &u); err != nil {
		return u, fmt.Errorf("parse usage: %w", err)
	}
	for _, named := range u.list() {
		if named.Is < 0 || named.Why == "" {
			return u, fmt.Errorf("parse usage: %s has no reason, or is negative", named.name)
		}
	}
	if len(u.ActiveUsers) == 0 || len(u.Month) == 0 {
		return u, errors.New("parse usage: there are no users, or they do nothing")
	}
	return u, nil
}

type named struct {
	name string
	Assumption
}

func (u Usage) list() []named {
	return []named{
		{"round_trip_ms", u.RoundTrip},
		{"mail_ms", u.Mail},
		{"work_ms", u.Work},
		{"hash_ms", u.Hash},
		{"cold_share", u.ColdShare},
		{"cold_ms", u.Cold},
		{"access_log_bytes", u.AccessLog},
		{"function_log_bytes", u.FunctionLog},
		{"stored_users", u.StoredUsers},
		{"secrets", u.Secrets},
		{"alarms", u.Alarms},
		{"dashboards", u.Dashboards},
		{"metrics", u.Metrics},
		{"ticks", u.Ticks},
		{"queue_requests", u.QueueRequests},
		{"idle_polls", u.IdlePolls},
	}
}
