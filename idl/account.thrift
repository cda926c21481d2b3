/** The accounts of the examples and the demo. Amounts are in cents. */
namespace js account
namespace py account

include "service_exception.thrift"

/** There is no account of that id. */
exception AccountNotFound {
  1: i64 id
}

/** The account holds less than the transfer asks for. */
exception InsufficientFunds {
  1: i64 balance
  2: i64 needed
}

/** One line of an account's history. */
struct Entry {
  1: string transferId
  /** The other account. */
  2: i64 counterpart
  /** Positive: received. Negative: sent. */
  3: i64 amount
  /** Milliseconds since 1970. */
  4: i64 createdAt
}

service AccountService {
  /** Opens an account and returns its id. */
  i64 create(1: string owner, 2: i64 initialBalance)
    throws (1: service_exception.ServiceException failure)

  i64 balance(1: i64 id)
    throws (1: service_exception.ServiceException failure, 2: AccountNotFound notFound)

  /**
   * Moves an amount. The client makes up the transfer's id, and a transfer of an id that is known already
   * moves nothing: so a client that never got a reply may send it again.
   */
  void transfer(1: i64 fromId, 2: i64 toId, 3: i64 amount, 4: string transferId)
    throws (
      1: service_exception.ServiceException failure,
      2: AccountNotFound notFound,
      3: InsufficientFunds insufficientFunds
    )

  /** Transfers of the account, the latest first. */
  list<Entry> history(1: i64 id)
    throws (1: service_exception.ServiceException failure, 2: AccountNotFound notFound)

  /** Notes that the account's owner was seen. Nobody waits for it. */
  oneway void touch(1: i64 id)
}
