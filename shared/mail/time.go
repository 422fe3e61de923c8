package mail

import (
	"strconv"
	"time"

	"identitypools/shared/language"
)

// formatMoment returns a time in UTC as people write it in the language.
func formatMoment(words language.Words, t time.Time) string {
	t = t.UTC()
	day := strconv.Itoa(t.Day())
	if day == "1" {
		day = words.Say("first_day")
	}
	month := words.Say("month_" + strconv.Itoa(int(t.Month())))
	return words.Say("moment",
		"day", day, "month", month, "year", strconv.Itoa(t.Year()), "time", t.Format("15:04"))
}

// formatDuration returns a duration in hours if it is a whole number of hours, otherwise in
// minutes.
func formatDuration(words language.Words, d time.Duration) string {
	if d >= time.Hour && d%time.Hour == 0 {
		return formatCount(words, "hours", d/time.Hour)
	}
	return formatCount(words, "minutes", d/time.Minute)
}

// formatCount returns a number with the name of the thing that is counted, in the right plural
// form. The rule is that of Polish, which distinguishes all the forms that the other languages have
// (Unicode CLDR, Language Plural Rules).
func formatCount(words language.Words, thing string, n time.Duration) string {
	form := "many"
	switch {
	case n == 1:
		form = "one"
	case n%10 >= 2 && n%10 <= 4 && (n%100 < 12 || n%100 > 14):
		form = "few"
	}
	return words.Say(thing+"_"+form, "n", strconv.FormatInt(int64(n), 10))
}
