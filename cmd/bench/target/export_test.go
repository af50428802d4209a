package target

// At is a server that somebody else runs.
func At(address string) *Server { return &Server{Name: "other", wires: newWires(address)} }

// Close hangs up.
func (s *Server) Close() error { return s.wires.close() }
