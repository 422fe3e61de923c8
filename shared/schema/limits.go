package schema

// Limits of a schema document. The published format has none; these are far above any schema for a person's data, and keep
// compiling below a few milliseconds and a compiled schema below a few megabytes.
const (
	MaxDocument = 32 << 10 // bytes
	MaxDepth    = 16       // schemas within schemas, the document itself being the first
	MaxNodes    = 500      // schemas in a document
	MaxEnum     = 500      // values of an enum
	MaxPatterns = 50       // pattern and names of patternProperties in a document
	MaxPattern  = 256      // characters of a pattern

	// MaxProgram bounds all patterns of a document together, in instructions of the automata that they compile to: the time
	// to match is their number times the length of the text, and a{1000} is short to write.
	MaxProgram = 10_000
)

// Limits of a check.
const (
	MaxValueDepth = 64 // objects and lists within each other, far below what a parser or a reader of the answer can take
	MaxViolations = 50 // a person can't use more, and an answer must not grow with the number of mistakes

	// maxPointers bounds the pointers of all violations together, in bytes: names of members may be long, and repeat in each.
	maxPointers = 16 << 10
)

// A check may take maxWork units of work, each about 10 ns; whatever takes longer is refused. Costs are estimates of the worst
// case; BenchmarkHostile shows how near they are.
const (
	maxWork     = 25_000_000
	costVisit   = 5   // a schema meets a value
	costMember  = 20  // a name is sorted or looked up
	costItem    = 50  // an item is made comparable
	costKeyword = 100 // the library decides one keyword
	costByte    = 3   // of a text that the library counts, and quotes in an error that nobody reads
)
