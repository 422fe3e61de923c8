package schema

// Limits of a schema document. The published format sets none. These are far above what a schema
// for a person's data needs. They keep the time to compile a schema below a few milliseconds and
// the compiled schema below a few megabytes.
const (
	MaxDocument = 32 << 10 // bytes
	MaxDepth    = 16       // levels of nested schemas, including the document itself
	MaxNodes    = 500      // schemas in a document, including the document itself
	MaxEnum     = 500      // values of an enum
	MaxPatterns = 50       // patterns in a document, including the names in patternProperties
	MaxPattern  = 256      // characters of a pattern

	// MaxProgram limits the instructions of the automata of all patterns of a document together.
	// The time to match a text is the number of instructions times the length of the text, and a
	// short pattern such as a{1000} has many instructions.
	MaxProgram = 10_000
)

// Limits of a check.
const (
	// MaxValueDepth limits the levels of nested objects and arrays of a value. It is far below
	// what JSON parsers accept.
	MaxValueDepth = 64

	// MaxViolations limits the violations that are reported, so that an answer does not grow with
	// the number of mistakes. More would not help a person.
	MaxViolations = 50

	// maxPointers limits the length of the pointers of all violations together, in bytes. Names
	// of members may be long, and each pointer below a member repeats its name.
	maxPointers = 16 << 10
)

// A check may take maxWork units of work, each of about 10 ns. A value that would take more is
// refused. The costs of the steps are estimates of the worst case; BenchmarkHostile shows how
// close they are.
const (
	maxWork     = 25_000_000
	costVisit   = 5   // to check a value against a schema, besides the steps below
	costMember  = 20  // to sort or look up a name
	costItem    = 50  // to make the canonical form of an item
	costKeyword = 100 // to call the library for one keyword
	costDigit   = 3   // to read a digit of a number
	costByte    = 3   // for each byte of a string, which the library copies into its errors
)
