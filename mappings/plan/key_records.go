package plan

import (
	"bytes"
	"encoding/binary"
	"sync"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// records are what stays of the rows of a key list: texts one after the other,
// without a pointer, in memory that is used again for the next list. Each is
// addressed by where it lies; one that came later lies behind.
type records struct {
	chunks [][]byte
	pooled []*recordChunk
}

// recordChunkSize is how many bytes a chunk has; a record longer than that gets
// one of its own. recordChunksMost bounds those of one list that are used again.
const (
	recordChunkSize  = 32 << 10
	recordChunksMost = 128
)

type recordChunk [recordChunkSize]byte

var freeRecordChunks = sync.Pool{New: func() any { return new(recordChunk) }}

// record is what stays of one row: what makes it one of its own (the place of its
// customer among those asked for, and the key's columns), and what it is sorted
// by before that (its source's place, and a value for each key of the order).
type record struct {
	identity, sorted []byte
}

// How long its parts are stands before a record: in a byte each, or where one is
// longer than that, behind a mark in four.
const (
	shortMost   = 0xfe
	longRecord  = 0xff
	shortHeader = 2
	longHeader  = 1 + 4 + 4
)

// add keeps a record.
func (m *records) add(r record) {
	size := longHeader + len(r.identity) + len(r.sorted)
	last := len(m.chunks) - 1
	if last < 0 || cap(m.chunks[last]) != recordChunkSize || len(m.chunks[last])+size > recordChunkSize {
		m.chunks = append(m.chunks, m.chunk(size))
		last++
	}
	to := m.chunks[last]
	if len(r.identity) <= shortMost && len(r.sorted) <= shortMost {
		to = append(to, byte(len(r.identity)), byte(len(r.sorted)))
	} else {
		to = binary.BigEndian.AppendUint32(append(to, longRecord), uint32(len(r.identity)))
		to = binary.BigEndian.AppendUint32(to, uint32(len(r.sorted)))
	}
	m.chunks[last] = append(append(to, r.identity...), r.sorted...)
}

func (m *records) chunk(size int) []byte {
	if size > recordChunkSize {
		return make([]byte, 0, size)
	}
	one, _ := freeRecordChunks.Get().(*recordChunk)
	m.pooled = append(m.pooled, one)
	return one[:0]
}

// at is the record that lies there, and where the next one in its chunk does.
func (m *records) at(at uint64) (r record, next uint64) {
	b := m.chunks[at/recordChunkSize][at%recordChunkSize:]
	header, n, upTo := shortHeader, int(b[0]), int(b[1])
	if n == longRecord {
		header, n, upTo = longHeader, int(binary.BigEndian.Uint32(b[1:])), int(binary.BigEndian.Uint32(b[5:]))
	}
	n += header
	upTo += n
	return record{b[header:n], b[n:upTo]}, at + uint64(upTo)
}

// end is where the next record will not lie before.
func (m *records) end() (chunk, offset int) {
	if len(m.chunks) == 0 {
		return 0, 0
	}
	last := len(m.chunks) - 1
	return last, len(m.chunks[last])
}

// from gives every record from one end on where it lies, in the order they came.
func (m *records) from(chunk, offset int, give func(at uint64)) {
	for ; chunk < len(m.chunks); chunk, offset = chunk+1, 0 {
		for at, end := offset, len(m.chunks[chunk]); at < end; {
			place := uint64(chunk)*recordChunkSize + uint64(at)
			give(place)
			_, next := m.at(place)
			at += int(next - place)
		}
	}
}

// release gives the memory back. Nobody may look at a record any more.
func (m *records) release() {
	for i, one := range m.pooled {
		switch {
		case convert.Spoils:
			copy(one[:], bytes.Repeat([]byte{convert.Spoiled}, len(one)))
		case i < recordChunksMost:
			freeRecordChunks.Put(one)
		}
	}
	m.chunks, m.pooled = nil, nil
}

// cutKeyPart takes off the beginning what appendKeyPart added.
func cutKeyPart(b []byte) (part, rest []byte) {
	n, b := cutNumber(b)
	return b[:n], b[n:]
}

// cutNumber takes a number off the beginning, which mostly is a small one.
func cutNumber(b []byte) (n uint64, rest []byte) {
	if b[0] < 0x80 {
		return uint64(b[0]), b[1:]
	}
	return cutLarge(b)
}

func cutLarge(b []byte) (n uint64, rest []byte) {
	n, used := binary.Uvarint(b)
	return n, b[used:]
}
