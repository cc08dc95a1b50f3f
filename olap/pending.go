package olap

func (n *Window) compile(r *run) (*stream, error) { return nil, notYet(n) }
