package cost

// Measured is what was measured on the real engine.
type Measured struct {
	Routes    []Route
	Batch     Call    // the courier counts a full batch of users of one pool
	Tick      Call    // the courier's clock finds nothing to do
	UserBytes float64 // what the table stores for a user, as DynamoDB bills it
}

// Route is a call of a route, and what the courier has to do after its answer: once for each record of the stream that it is woken by.
type Route struct {
	Call
	After []Call
}

// Call is one run of a function.
type Call struct {
	Name        string // the operation, or what the courier does
	Function    string
	RoundTrips  int     // to the table
	Write, Read float64 // capacity units
	Hashes      int     // of passwords
	Mails       int     // handed to SES
	LogBytes    int     // that the function wrote itself
}

// duties are all that the courier does, each by its dearest example.
func (m Measured) duties() []Call {
	var all []Call
	for _, route := range m.Routes {
		for _, call := range route.After {
			all = with(all, call)
		}
	}
	return append(all, m.Batch, m.Tick)
}

func with(all []Call, call Call) []Call {
	for i, known := range all {
		if known.Name == call.Name {
			if call.Write+call.Read/5 > known.Write+known.Read/5 { // a read costs a fifth of a write
				all[i] = call
			}
			return all
		}
	}
	return append(all, call)
}
