package cost

import (
	"fmt"
	"strconv"
	"strings"
)

// Document returns the text of docs/cost.md. The result depends only on the arguments.
func Document(m Measured, p Prices, u Usage) string {
	d := &document{rates: rates{p, u}}
	d.printf("# What it costs\n")
	d.printf("This text says what a call, a month of users and an idle month cost in AWS. The prices")
	d.printf("are in USD without tax, in %s, on demand. CloudWatch's free alarms and dashboards are", p.Region)
	d.printf("counted, and no other free tier. Data that leaves AWS is not counted.\n")
	d.printf("`go test ./infra/check/cost -update` generates this text from capacity units that the")
	d.printf("test measures, the list prices in `infra/check/cost/prices.json`, and the assumptions")
	d.printf("in `infra/check/cost/usage.json`. Change those files, not this text.\n")
	d.routes(m)
	d.later(m)
	d.months(m)
	d.idling(m)
	d.assumptions()
	d.prices()
	return d.text.String()
}

type document struct {
	rates
	text strings.Builder
}

// printf appends a formatted line.
func (d *document) printf(format string, values ...any) { fmt.Fprintf(&d.text, format+"\n", values...) }

func (d *document) routes(m Measured) {
	d.printf("## A million calls of each route\n")
	d.printf("- A call is the route's sample event (`make event`). The process has the keys of tokens and the")
	d.printf("  settings of the pool and the schema in memory. Settings stay there for five seconds;")
	d.printf("  reading one costs one trip and one RU more.")
	d.printf("- Trips are round trips to the table. WU and RU are write units and read units.")
	d.printf("- The column \"later\" has what the courier and the keeper do because of the call, with the")
	d.printf("  mails (see below).")
	d.printf("- Routes that cost the same share a row.\n")
	d.printf("| routes | trips | WU | RU | mails | DynamoDB | Lambda | API Gateway | logs | later | total |")
	d.printf("|---|---|---|---|---|---|---|---|---|---|---|")
	var rows []string
	operations := map[string][]string{} // by row
	for _, route := range m.Routes {
		row := d.row(route)
		if operations[row] == nil {
			rows = append(rows, row)
		}
		operations[row] = append(operations[row], route.Name)
	}
	for _, row := range rows {
		d.printf("| %s | %s |", strings.Join(operations[row], ", "), row)
	}
}

// row returns the figures of a route.
func (d *document) row(route Route) string {
	call, after := d.routeBills(route)
	mails := 0
	for _, work := range route.After {
		mails += work.Mails
	}
	return fmt.Sprintf("%d | %g | %g | %d | %s", route.RoundTrips, route.Write, route.Read, mails,
		million(call.table, call.lambda+call.secrets, call.gateway, call.logs, after.total(),
			call.total()+after.total()))
}

func (d *document) later(m Measured) {
	d.printf("\n## A million times what is done later\n")
	d.printf("The courier mails, and the keeper does the rest. Each line is a run of its own, without")
	d.printf("settings in memory. If there is more to do at the same time, one run does several of")
	d.printf("these. Lambda reads the table's stream for nothing. The column \"queue\" has the relay,")
	d.printf("in a run for each mail, and the requests to the queue of mails. A pool remembers the")
	d.printf("users that were counted last, and counting one rewrites that.\n")
	d.printf("| what | trips | WU | RU | mails | DynamoDB | Lambda | logs | SES | queue | total |")
	d.printf("|---|---|---|---|---|---|---|---|---|---|---|")
	for _, c := range m.laterCalls() {
		b := d.callBill(c)
		d.printf("| %s | %d | %g | %g | %d | %s |", c.Name, c.RoundTrips, c.Write, c.Read, c.Mails,
			million(b.table, b.lambda+b.secrets, b.logs, b.mail, b.queue, b.total()))
	}
}

func (d *document) months(m Measured) {
	d.printf("\n## A month\n")
	d.printf("The work of the courier and the keeper is included in the columns of what it uses, and so")
	d.printf("are the polls of the queue of mails while it is empty. The last column is the part of the")
	d.printf("total for a thousand users.\n")
	d.printf("| active users | calls | DynamoDB | Lambda | API Gateway | logs | SES | queue | storage | secrets, metrics | total | a thousand |")
	d.printf("|---|---|---|---|---|---|---|---|---|---|---|---|")
	for _, users := range d.u.ActiveUsers {
		one := d.monthBill(m, users)
		d.printf("| %s | %s | %s |", grouped(users), grouped(int(one.calls+0.5)),
			usd(one.table, one.lambda, one.gateway, one.logs, one.mail, one.queue,
				one.storage, one.secrets+one.fixed, one.total(), one.total()*1000/float64(users)))
	}
	d.printf("\nAn active user causes these calls in a month:\n")
	for _, habit := range d.u.Month {
		d.printf("- %g × `%s`: %s", habit.Calls, habit.Operation, habit.Why)
	}
}

func (d *document) idling(m Measured) {
	const many = 1000000
	secrets := d.p.Secrets.Cost(d.u.Secrets.Is)
	d.printf("\n## A month in which nobody calls\n")
	d.printf("- %g secrets: %s. With a proxy in front of the API one more: %s.",
		d.u.Secrets.Is, usd(secrets), usd(d.p.Secrets.Cost(1)))
	d.printf("- Alarms (%g) and dashboards (%g): %s. Metrics: nothing.", d.u.Alarms.Is,
		d.u.Dashboards.Is, usd(d.idleBill()-secrets))
	d.printf("- Storage with point-in-time recovery: %s for each GB, and %s for a million users of",
		usd(d.storageBill(bytesInGB)), usd(d.storageBill(m.UserBytes*many)))
	d.printf("  %.0f bytes. A user in the sample events has that size, with two identifiers, a verified", m.UserBytes)
	d.printf("  address, a password, and the 100 bytes that DynamoDB adds to each item.")
	d.printf("- The keeper's clock, %g ticks that find nothing to do: %.4f.", d.u.Ticks.Is,
		d.tickBill(m).total())
	d.idlingQueue()
	d.printf("- Functions that serve routes, the gateway, the table, and SES: nothing.")
}

// idlingQueue says what the queue of mails costs while there are no mails.
func (d *document) idlingQueue() {
	d.printf("- The queue of mails, %s polls that find it empty: %s. That is less than SQS's free",
		grouped(int(d.u.IdlePolls.Is)), usd(d.p.QueueRequests.Cost(d.u.IdlePolls.Is)))
	d.printf("  million a month, so an account without other queues pays nothing for them.")
}

func (d *document) assumptions() {
	d.printf("\n## Assumptions\n")
	d.printf("- A function has the memory that `infra/deploy/plan` says.")
	d.printf("- A run is billed for its trips, mails, work and hashes, one after the other. Work and")
	d.printf("  hashes take longer with less than a whole processor.")
	d.printf("- A start reads the function's secrets.")
	d.printf("- A back end keeps a token for the hour for which it is valid, so tokens are not in")
	d.printf("  the months.\n")
	d.printf("| `usage.json` | value | why |")
	d.printf("|---|---|---|")
	for _, a := range d.u.list() {
		d.printf("| `%s` | %s | %s |", a.name, strconv.FormatFloat(a.Is, 'f', -1, 64), a.Why)
	}
}

func (d *document) prices() {
	d.printf("\n## Prices\n")
	d.printf("| USD | unit | source | as of |")
	d.printf("|---|---|---|---|")
	for _, p := range d.p.list() {
		count := ""
		if p.Per > 1 {
			count = grouped(int(p.Per)) + " "
		}
		d.printf("| %s | %s%s | %s | %s |", strconv.FormatFloat(p.USD, 'f', -1, 64), count, p.Unit,
			p.Source, p.AsOf)
	}
}

// million returns columns with the prices of a million times each amount.
func million(each ...float64) string {
	for i := range each {
		each[i] *= 1000000
	}
	return usd(each...)
}

// usd returns columns with amounts in USD. The amounts are rounded so that floating-point errors do
// not change the result at half a cent.
func usd(amounts ...float64) string {
	columns := make([]string, len(amounts))
	for i, amount := range amounts {
		columns[i] = strconv.FormatFloat(amount+1e-7, 'f', 2, 64)
	}
	return strings.Join(columns, " | ")
}

// grouped returns a number with commas between groups of three digits.
func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}
