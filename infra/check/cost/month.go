package cost

// What CloudWatch gives for nothing each month. No other free tier is counted: those of other services end, or are shared by all
// that an account does.
const (
	freeAlarms     = 10
	freeDashboards = 3
)

// month is what a month of so many active users costs.
type month struct {
	users int
	calls float64 // of routes
	bill
	storage, fixed float64
}

func (m month) total() float64 { return m.bill.total() + m.storage + m.fixed }

// ofMonth is the month of so many active users.
func (r rates) ofMonth(m Measured, users int) month {
	one := month{users: users, storage: r.storage(m.UserBytes * r.u.StoredUsers.Is * float64(users)), fixed: r.idle() + r.p.Metrics.Of(r.u.Metrics.Is)}
	one.bill = r.clock(m)
	for _, habit := range r.u.Month {
		times := habit.Calls * float64(users)
		call, after := r.ofRoute(m.route(habit.Operation))
		one.bill = one.plus(call, times).plus(after, times)
		one.calls += times
	}
	return one
}

// clock is the bill of a month of a courier whose clock finds no message whose hour has come.
func (r rates) clock(m Measured) bill { return bill{}.plus(r.ofCall(m.Tick), r.u.Ticks.Is) }

// storage is the bill for what lies in the table, and for being able to bring it back.
func (r rates) storage(bytes float64) float64 {
	return (r.p.TableStorage.Of(1) + r.p.TableBackup.Of(1)) * bytes / bytesInGB
}

// idle is the bill of a month in which nobody calls, besides that for storage.
func (r rates) idle() float64 {
	return r.p.Secrets.Of(r.u.Secrets.Is) + r.p.Alarms.Of(max(0, r.u.Alarms.Is-freeAlarms)) + r.p.Dashboards.Of(max(0, r.u.Dashboards.Is-freeDashboards))
}

// route is the route of an operation; one that was not measured costs nothing.
func (m Measured) route(operation string) Route {
	for _, route := range m.Routes {
		if route.Name == operation {
			return route
		}
	}
	return Route{}
}
