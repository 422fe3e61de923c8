package database

import "encoding/binary"

// The numbers of the format are those of https://www.sqlite.org/fileformat2.html.
const (
	pageSize   = 4096
	headerSize = 100 // of the file, at the beginning of its first page

	tableLeaf, indexLeaf = 13, 10 // kinds of pages

	serialInteger, serialText = 1, 13 // types of values: one byte, and a text without its length
)

// object is what one statement of SQL defines: a table, an index or a trigger.
type object struct{ kind, name, table, sql string }

// encode returns an SQLite file in which the objects are defined and all tables are empty. The
// definitions must fit into one page. A table and an index have one page each; a trigger has none.
func encode(objects []object) []byte {
	var cells [][]byte
	pages := [][]byte{make([]byte, pageSize)}
	for i, o := range objects {
		root := 0
		if o.kind != "trigger" {
			page, kind := make([]byte, pageSize), byte(tableLeaf)
			if o.kind == "index" {
				kind = indexLeaf
			}
			fill(page, 0, kind, nil)
			pages = append(pages, page)
			root = len(pages)
		}
		cells = append(cells, cell(i+1, o, root))
	}
	fill(pages[0], headerSize, tableLeaf, cells)
	copy(pages[0], header(len(pages)))
	var file []byte
	for _, page := range pages {
		file = append(file, page...)
	}
	return file
}

// header returns the header of a file with a number of pages.
func header(pages int) []byte {
	h := make([]byte, headerSize)
	copy(h, "SQLite format 3\x00")
	binary.BigEndian.PutUint16(h[16:], pageSize)
	copy(h[18:], []byte{1, 1, 0, 64, 32, 32}) // without a write-ahead log, which the engine turns on
	for at, value := range map[int]int{
		24: 1,         // changes of the file
		28: pages,     // in the file
		40: 1,         // changes of the schema
		44: 4,         // format of the schema
		56: 1,         // UTF-8
		92: 1,         // the number of changes for which the next line holds
		96: 3_049_002, // the version of SQLite that wrote the file: that of the engine
	} {
		binary.BigEndian.PutUint32(h[at:], uint32(value))
	}
	return h
}

// fill writes the head of a leaf of a tree into a page, at an offset, and the leaf's cells. The
// cells stand at the end of the page, the first one last.
func fill(page []byte, at int, kind byte, cells [][]byte) {
	end, pointers := len(page), page[at+8:]
	for i, cell := range cells {
		end -= len(cell)
		copy(page[end:], cell)
		binary.BigEndian.PutUint16(pointers[2*i:], uint16(end))
	}
	page[at] = kind
	binary.BigEndian.PutUint16(page[at+3:], uint16(len(cells)))
	binary.BigEndian.PutUint16(page[at+5:], uint16(end))
}

// cell returns the row of the table sqlite_schema that defines an object, whose tree has its root
// in a page.
func cell(row int, o object, root int) []byte {
	var types, values []byte
	text := func(value string) {
		types = appendVarint(types, 2*len(value)+serialText)
		values = append(values, value...)
	}
	text(o.kind)
	text(o.name)
	text(o.table)
	types, values = append(types, serialInteger), append(values, byte(root))
	text(o.sql)
	payload := append(append([]byte{byte(len(types) + 1)}, types...), values...)
	return append(appendVarint(appendVarint(nil, len(payload)), row), payload...)
}

// appendVarint appends an integer below 16,384 in SQLite's format, which has seven bits in a byte.
func appendVarint(to []byte, value int) []byte {
	if value < 1<<7 {
		return append(to, byte(value))
	}
	return append(to, byte(value>>7)|1<<7, byte(value)&(1<<7-1))
}
