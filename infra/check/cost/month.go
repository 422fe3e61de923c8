package cost

// These are the amounts that CloudWatch does not charge for each month. Other free tiers are
// ignored, because they end or are shared by all that an account does.
const (
	freeAlarms     = 10
	freeDashboards = 3
)

// month is the cost of a month with a number of active users.
type month struct {
	users int
	calls float64 // calls of routes
	bill
	storage, fixed float64
}

func (m month) total() float64 { return m.bill.total() + m.storage + m.fixed }

// monthBill returns the cost of a month with a number of active users.
func (r rates) monthBill(m Measured, users int) month {
	one := month{
		users:   users,
		storage: r.storageBill(m.UserBytes * r.u.StoredUsers.Is * float64(users)),
		fixed:   r.idleBill() + r.p.Metrics.Cost(r.u.Metrics.Is),
	}
	one.bill = r.tickBill(m)
	one.queue += r.p.QueueRequests.Cost(r.u.IdlePolls.Is)
	for _, habit := range r.u.Month {
		times := habit.Calls * float64(users)
		call, after := r.routeBills(m.route(habit.Operation))
		one.bill = one.plus(call, times).plus(after, times)
		one.calls += times
	}
	return one
}

// tickBill returns the bill of a month of ticks that find no message whose hour has come.
func (r rates) tickBill(m Measured) bill { return bill{}.plus(r.callBill(m.Tick), r.u.Ticks.Is) }

// storageBill returns the monthly price of bytes in the table and in its backup.
func (r rates) storageBill(bytes float64) float64 {
	return (r.p.TableStorage.Cost(1) + r.p.TableBackup.Cost(1)) * bytes / bytesInGB
}

// idleBill returns the price of a month without calls, except that of storage.
func (r rates) idleBill() float64 {
	return r.p.Secrets.Cost(r.u.Secrets.Is) + r.p.Alarms.Cost(max(0, r.u.Alarms.Is-freeAlarms)) +
		r.p.Dashboards.Cost(max(0, r.u.Dashboards.Is-freeDashboards))
}

// route returns the route of an operation. A route that was not measured costs nothing.
func (m Measured) route(operation string) Route {
	for _, route := range m.Routes {
		if route.Name == operation {
			return route
		}
	}
	return Route{}
}
