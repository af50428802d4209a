package mapfile

// Parse reads one mapping file. path is only a name for faults. The file is
// nil when nothing could be read (a fault of syntax, an empty file); otherwise
// it holds all that could be understood, and the faults, sorted, say what
// could not. CSV files that maps name are not opened: Load does that.
func Parse(path string, src []byte) (*File, Faults) {
	r := &reader{kind: MappingFile, path: path}
	top := r.read(src)
	if top == nil {
		return nil, r.faults.Sorted()
	}
	d := &decoder{
		file:   &File{Path: path, Pos: Pos{1, 1}, Dialect: MySQL, lines: r.lines},
		faults: r.faults,
	}
	d.decodeFile(top)
	return d.file, d.faults.Sorted()
}
