/**
 * What the account service has no need of. Generated into ../gen and ../gen/plain by
 *   thrift --gen js:node,ts,es6 -r -out ../gen quirks.thrift
 *   thrift --gen js:node,ts -r -out ../gen/plain quirks.thrift
 */
namespace js quirks

include "base.thrift"
include "../../../../../idl/service_exception.thrift"

exception Boom {
  1: string text
}

/** An exception with fewer fields than ServiceException has. */
exception Brief {
  1: i32 code
  2: string message
}

struct Item {
  1: string name
  2: i32 amount
}

service Quirks extends base.Base {
  string none()
  string three(1: string a, 2: string b, 3: string c)
  void nothing(1: string a)
  list<Item> items(1: i32 count)
  i32 counts(1: list<Item> items, 2: map<string, i32> amounts, 3: set<i64> ids, 4: list<list<bool>> flags)
  string declared(1: string what) throws (1: Boom boom, 2: service_exception.ServiceException failure)
  string brief() throws (1: Brief brief)
  string undeclared(1: string what)
  /** Their names are those of what holds a message here. */
  string message(1: string reply)
  string reply(1: string message)
}
