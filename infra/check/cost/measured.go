package cost

// Measured has the results of the measurements with the real engine.
type Measured struct {
	Routes []Route
	// Batch is the keeper's count of a full batch of users of one pool.
	Batch Call
	// Tick is a tick of the keeper's clock that finds nothing to do.
	Tick Call
	// UserBytes is the size of a user in the table, as DynamoDB bills it.
	UserBytes float64
}

// Route is a call of a route and what the courier and the keeper do after the answer, with one call for
// each record of the stream that triggers them.
type Route struct {
	Call
	After []Call
}

// Call is one run of a function.
type Call struct {
	Name        string // the operation, or what is done afterwards
	Function    string
	RoundTrips  int     // round trips to the table
	Write, Read float64 // capacity units
	Hashes      int     // hashed passwords
	Mails       int     // mails sent to SES
	LogBytes    int     // size of the log lines of the function itself
}

// laterCalls returns all that the courier and the keeper do. Each kind of work is represented by its most
// expensive call.
func (m Measured) laterCalls() []Call {
	var all []Call
	for _, route := range m.Routes {
		for _, call := range route.After {
			all = keepDearest(all, call)
		}
	}
	return append(all, m.Batch, m.Tick)
}

// keepDearest adds a call to all, or replaces a cheaper call with the same name.
func keepDearest(all []Call, call Call) []Call {
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
