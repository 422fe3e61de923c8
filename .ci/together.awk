# Prints the names of the tests that do several things at once: those that start a goroutine, call a
# function of the tests that does, or say AtOnce in their name. Tests of large pages are none of them: they
# only make their many users faster so.
/^func / {
	name = $0
	sub(/^func (\([^)]*\) )?/, "", name)
	sub(/[^A-Za-z0-9_].*/, "", name)
	names[name]
}
/\.Go\(func|[^A-Za-z]go func/ { starts[name] }
{ text[name] = text[name] $0 }
END {
	for (test in names) {
		if (test !~ /^Test/ || test ~ /^TestMain$|Large/) continue
		is = test in starts || test ~ /AtOnce/
		for (helper in starts) is = is || helper !~ /^Test/ && index(text[test], helper "(")
		if (is) print test
	}
}
