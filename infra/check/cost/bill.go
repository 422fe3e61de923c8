package cost

import (
	"math"
	"strings"

	"identitypools/infra/deploy/plan"
)

// bill is the price of something in USD, by service.
// Its queue is the queue of mails, with the run of the relay that puts an entry into it.
type bill struct{ table, lambda, gateway, logs, mail, queue, secrets float64 }

// plus returns the sum of b and a number of times o.
func (b bill) plus(o bill, times float64) bill {
	return bill{
		b.table + o.table*times, b.lambda + o.lambda*times, b.gateway + o.gateway*times,
		b.logs + o.logs*times, b.mail + o.mail*times, b.queue + o.queue*times, b.secrets + o.secrets*times,
	}
}

func (b bill) total() float64 {
	return b.table + b.lambda + b.gateway + b.logs + b.mail + b.queue + b.secrets
}

// rates converts calls into bills.
type rates struct {
	p Prices
	u Usage
}

// callBill returns the bill of one run of a function. A function that mails gets one entry of the queue
// of mails.
func (r rates) callBill(c Call) bill {
	f := functionOf(c.Function)
	gigabytes := float64(f.MemoryMB) / 1024
	seconds := (r.billed(c, f.MemoryMB) + r.u.ColdShare.Is*r.u.Cold.Is) / 1000
	b := bill{
		table:   r.p.WriteUnits.Cost(c.Write) + r.p.ReadUnits.Cost(c.Read),
		lambda:  r.p.LambdaRequests.Cost(1) + r.p.LambdaTime.Cost(gigabytes*seconds),
		logs:    r.p.Logs.Cost((r.u.FunctionLog.Is + float64(c.LogBytes)) / bytesInGB),
		mail:    r.p.Mails.Cost(float64(c.Mails)),
		secrets: r.p.SecretCalls.Cost(r.u.ColdShare.Is * secretsOf(f)),
	}
	if f.Mails {
		relayed := r.callBill(Call{Function: "relay", RoundTrips: 1})
		b.queue = r.p.QueueRequests.Cost(r.u.QueueRequests.Is) + relayed.total()
	}
	return b
}

// routeBills returns the bill of a call through API Gateway and that of what the courier and the keeper
// do after it.
func (r rates) routeBills(route Route) (call, after bill) {
	call = r.callBill(route.Call)
	call.gateway = r.p.APIRequests.Cost(1)
	call.logs += r.p.Logs.Cost(r.u.AccessLog.Is / bytesInGB)
	for _, work := range route.After {
		after = after.plus(r.callBill(work), 1)
	}
	return call, after
}

const (
	bytesInGB      = 1 << 30
	wholeProcessor = 1769 // MB of memory that come with one processor; our functions use no second one
)

// billed returns the number of milliseconds that Lambda bills for a warm run, rounded up.
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

// secretsOf returns the number of secrets that a function reads when it starts.
func secretsOf(f plan.Function) (n float64) {
	for _, setting := range f.Settings {
		if strings.HasSuffix(setting, "_SECRET") {
			n++
		}
	}
	return n
}
