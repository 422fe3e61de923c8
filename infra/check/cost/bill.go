package cost

import (
	"math"
	"strings"

	"identitypools/infra/deploy/plan"
)

// bill is what something costs in USD.
type bill struct{ table, lambda, gateway, logs, mail, secrets float64 }

func (b bill) plus(o bill, times float64) bill {
	return bill{
		b.table + o.table*times, b.lambda + o.lambda*times, b.gateway + o.gateway*times,
		b.logs + o.logs*times, b.mail + o.mail*times, b.secrets + o.secrets*times,
	}
}

func (b bill) total() float64 { return b.table + b.lambda + b.gateway + b.logs + b.mail + b.secrets }

// rates turn calls into bills.
type rates struct {
	p Prices
	u Usage
}

// ofCall is the bill of one run of a function.
func (r rates) ofCall(c Call) bill {
	f := functionOf(c.Function)
	gigabytes := float64(f.MemoryMB) / 1024
	seconds := (r.billed(c, f.MemoryMB) + r.u.ColdShare.Is*r.u.Cold.Is) / 1000
	return bill{
		table:   r.p.WriteUnits.Of(c.Write) + r.p.ReadUnits.Of(c.Read),
		lambda:  r.p.LambdaRequests.Of(1) + r.p.LambdaTime.Of(gigabytes*seconds),
		logs:    r.p.Logs.Of((r.u.FunctionLog.Is + float64(c.LogBytes)) / bytesInGB),
		mail:    r.p.Mails.Of(float64(c.Mails)),
		secrets: r.p.SecretCalls.Of(r.u.ColdShare.Is * secretsOf(f)),
	}
}

// ofRoute is the bill of a call through API Gateway, and that of what the courier does after it.
func (r rates) ofRoute(route Route) (call, after bill) {
	call = r.ofCall(route.Call)
	call.gateway = r.p.APIRequests.Of(1)
	call.logs += r.p.Logs.Of(r.u.AccessLog.Is / bytesInGB)
	for _, work := range route.After {
		after = after.plus(r.ofCall(work), 1)
	}
	return call, after
}

const (
	bytesInGB      = 1 << 30
	wholeProcessor = 1769 // MB of memory that one comes with; what we do uses no second one
)

// billed is how many milliseconds a warm run is billed: they are rounded up.
func (r rates) billed(c Call, memoryMB int) float64 {
	share := min(1, float64(memoryMB)/wholeProcessor)
	busy := r.u.Work.Is + r.u.Hash.Is*float64(c.Hashes)
	return math.Ceil(r.u.RoundTrip.Is*float64(c.RoundTrips) + r.u.Mail.Is*float64(c.Mails) + busy/share)
}

func functionOf(name string) plan.Function {
	for _, f := range plan.Functions() {
		if f.Name == name {
			return f
		}
	}
	return plan.Function{}
}

// secretsOf is how many secrets a function reads when it starts.
func secretsOf(f plan.Function) (n float64) {
	for _, setting := range f.Settings {
		if strings.HasSuffix(setting, "_SECRET") {
			n++
		}
	}
	return n
}
