package browser

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Eval returns the value of a JavaScript expression in the tab. It works in spite of the page's
// policy and of View.NoScripts.
func Eval[T any](tb testing.TB, t *Tab, expression string) T {
	tb.Helper()
	return run(tb, t, "evaluate "+expression, chromedp.Evaluate[T](expression))
}

// Await waits until a JavaScript expression is true.
func (t *Tab) Await(tb testing.TB, expression string) {
	tb.Helper()
	t.do(tb, "wait for "+expression, chromedp.Evaluate[chromedp.Void](
		"new Promise(done => (function look() { "+expression+" ? done() : setTimeout(look, 20) })())",
		chromedp.EvalAwaitPromise))
}

// of returns an expression for the first element that a CSS selector matches.
func of(selector string) string {
	return "document.querySelector(" + strconv.Quote(selector) + ")"
}

// Has reports whether an element exists.
func (t *Tab) Has(tb testing.TB, selector string) bool {
	tb.Helper()
	return Eval[bool](tb, t, of(selector)+" !== null")
}

// Shows reports whether an element exists and is visible.
func (t *Tab) Shows(tb testing.TB, selector string) bool {
	tb.Helper()
	return Eval[bool](tb, t, of(selector)+"?.checkVisibility({visibilityProperty: true}) ?? false")
}

// Text returns the visible text of an element.
func (t *Tab) Text(tb testing.TB, selector string) string {
	tb.Helper()
	t.need(tb, selector)
	return Eval[string](tb, t, of(selector)+".innerText.trim()")
}

// Value returns the value of a field.
func (t *Tab) Value(tb testing.TB, selector string) string {
	tb.Helper()
	t.need(tb, selector)
	return Eval[string](tb, t, of(selector)+".value")
}

// Attribute returns an attribute of an element, or "" if it has none.
func (t *Tab) Attribute(tb testing.TB, selector, name string) string {
	tb.Helper()
	t.need(tb, selector)
	return Eval[string](tb, t, fmt.Sprintf("%s.getAttribute(%q) ?? ''", of(selector), name))
}

// URL returns the address of the page.
func (t *Tab) URL(tb testing.TB) string {
	tb.Helper()
	return Eval[string](tb, t, "location.href")
}

// Focused returns the id of the element that has the focus, or its name if it has no id, or its tag
// if it has neither. It needs scripts.
func (t *Tab) Focused(tb testing.TB) string {
	tb.Helper()
	t.draw(tb)
	return Eval[string](tb, t, "(e => e.id || e.name || e.tagName)(document.activeElement)")
}

// need fails the test and shows the page if an element does not exist.
func (t *Tab) need(tb testing.TB, selector string) {
	tb.Helper()
	if !t.Has(tb, selector) {
		tb.Fatalf("%s is not on the page %s:\n%s", selector, t.URL(tb),
			Eval[string](tb, t, "document.body.innerText"))
	}
}

// Click clicks an element with the mouse.
func (t *Tab) Click(tb testing.TB, selector string) {
	tb.Helper()
	t.need(tb, selector)
	t.do(tb, "click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// Submit clicks an element that loads another page, and returns the status of that page.
func (t *Tab) Submit(tb testing.TB, selector string) int {
	tb.Helper()
	t.need(tb, selector)
	return t.load(tb, "submit with "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// Fill replaces the content of a field by typing a text.
func (t *Tab) Fill(tb testing.TB, selector, text string) {
	tb.Helper()
	t.need(tb, selector)
	t.do(tb, "fill "+selector, chromedp.Click(chromedp.CSS(selector)), edit("selectAll"), insert(text))
}

// Choose selects an option of a list.
func (t *Tab) Choose(tb testing.TB, selector, option string) {
	tb.Helper()
	t.need(tb, selector)
	Eval[any](tb, t,
		fmt.Sprintf("(s => { s.value = %q; s.dispatchEvent(new Event('change', {bubbles: true})) })(%s)", option, of(selector)))
}

// Type types a text into the element that has the focus.
func (t *Tab) Type(tb testing.TB, text string) {
	tb.Helper()
	t.do(tb, "type", insert(text))
}

// Press presses keys one after the other, such as kb.Tab.
func (t *Tab) Press(tb testing.TB, keys string) {
	tb.Helper()
	t.do(tb, "press keys", chromedp.KeyEvent(keys))
}

// Enter presses the Enter key, which must load another page, and returns the status of that page.
func (t *Tab) Enter(tb testing.TB) int {
	tb.Helper()
	return t.load(tb, "press Enter", chromedp.KeyEvent(kb.Enter))
}

// Paste copies a text, as people do from their mail, and pastes it into a field. All tabs share the
// clipboard, so only one test pastes at a time.
func (t *Tab) Paste(tb testing.TB, selector, text string) {
	tb.Helper()
	t.need(tb, selector)
	click := chromedp.Click(chromedp.CSS(selector)) // the browser copies only for someone who does something
	t.do(tb, "paste into "+selector, click, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(copyText, text)), click,
		edit("selectAll"), edit("paste"))
}

// copyText is a script that copies a text.
const copyText = `{
	const area = document.createElement("textarea")
	area.value = %q
	document.body.append(area)
	area.select()
	if (!document.execCommand("copy")) throw new Error("the browser does not copy")
	area.remove()
}`

func insert(text string) chromedp.Action[chromedp.Void] {
	return command(input.InsertText, input.InsertTextParams{Text: text})
}

// edit runs a command of the browser's editor, as a keyboard shortcut does.
func edit(what string) chromedp.Action[chromedp.Void] {
	return command(input.DispatchKeyEvent,
		input.DispatchKeyEventParams{
			Type:     input.DispatchKeyEventTypeRawKeyDown,
			Commands: []string{what},
		})
}

// Picture returns a PNG of the whole page. It removes the focus before, because a cursor blinks. It
// needs scripts.
func (t *Tab) Picture(tb testing.TB) []byte {
	tb.Helper()
	t.draw(tb)
	Eval[any](tb, t, "document.activeElement.blur(); scrollTo(0, 0)")
	t.draw(tb)
	return run(tb, t, "take a picture", chromedp.FullScreenshot(100))
}

// draw waits until all changes are drawn and the focus is where the page puts it.
func (t *Tab) draw(tb testing.TB) {
	tb.Helper()
	t.do(tb, "draw",
		chromedp.Evaluate[chromedp.Void]("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))", chromedp.EvalAwaitPromise))
}
