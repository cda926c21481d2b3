namespace js quirks

service Base {
  string inherited(1: string a)
  oneway void fire(1: string a)
}
