// Package database makes the empty file in which a local DynamoDB engine (dynoxide) keeps its data.
//
// The engine keeps its data in SQLite and makes all that it needs in the file that it is given.
// What it makes for streams is too slow for long use: with each write of a table it looks for the
// highest sequence number of the stream, without an index, and it never deletes a record. So a
// write takes twice as long after 3,000 changes and twenty times as long after 15,000. A file of
// this package has an index of the sequence numbers, and a trigger that deletes old records. The
// engine finds the two in its file and needs to know nothing of them, since SQLite applies them.
package database

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Retention says which records of a stream are deleted: those that are older than Age and that are
// followed by more than Records newer ones.
type Retention struct {
	Records int
	Age     time.Duration // in whole seconds
}

// AsInAWS returns the retention of `make run`. DynamoDB keeps a record of a stream for 24 hours. A
// laptop is also off for days, with records that nobody has read yet. Therefore the last 100,000 are
// kept whatever their age.
func AsInAWS() Retention { return Retention{Records: 100_000, Age: 24 * time.Hour} }

// Create makes the file, for an engine that has not been started yet. A file that exists is left as
// it is. If the process is killed, either no file exists or a complete one.
func Create(file string, keep Retention) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	unfinished := file + ".new"
	if err := os.WriteFile(unfinished, encode(schema(keep)), 0o600); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	return os.Rename(unfinished, file)
}

// schema returns what the file defines. The first two are the engine's own: it creates them itself
// in a file that lacks them, and a test compares the texts.
func schema(keep Retention) []object {
	return []object{
		{kind: "table", name: "_stream_records", table: "_stream_records", sql: `CREATE TABLE _stream_records (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                table_name TEXT NOT NULL,
                event_name TEXT NOT NULL,
                keys_json TEXT NOT NULL,
                new_image TEXT,
                old_image TEXT,
                sequence_number TEXT NOT NULL,
                shard_id TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                user_identity TEXT
            )`},
		{
			kind: "table", name: "sqlite_sequence", table: "sqlite_sequence", // of AUTOINCREMENT
			sql: `CREATE TABLE sqlite_sequence(name,seq)`,
		},
		{
			kind: "index", name: "stream_order", table: "_stream_records",
			sql: `CREATE INDEX stream_order ON _stream_records (
  table_name, CAST(sequence_number AS INTEGER))`,
		},
		// Each new record deletes up to two old ones, so a backlog of old ones shrinks. The newest is
		// always kept, because the engine numbers the next record from it.
		{
			kind: "trigger", name: "stream_retention", table: "_stream_records",
			sql: fmt.Sprintf(`CREATE TRIGGER stream_retention AFTER INSERT ON _stream_records BEGIN
  DELETE FROM _stream_records
  WHERE id IN (SELECT id FROM _stream_records WHERE table_name = new.table_name
      ORDER BY CAST(sequence_number AS INTEGER) LIMIT 2)
    AND CAST(sequence_number AS INTEGER) < CAST(new.sequence_number AS INTEGER) - %d
    AND created_at <= new.created_at - %d;
END`, keep.Records, int64(keep.Age/time.Second)),
		},
	}
}
