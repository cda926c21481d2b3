/**
 * What a client sees of a failure, whatever went wrong behind the service. Include this file, and declare the
 * exception on every method:
 *
 *   include "service_exception.thrift"
 *   service Accounts {
 *     i64 balance(1: i64 id) throws (1: service_exception.ServiceException failure)
 *   }
 */
namespace js fresh_connections
namespace py fresh_connections.service_exception
namespace java com.freshconnections.thrift
namespace go freshconnections

exception ServiceException {
  /**
   * The canonical status, such as "UNAVAILABLE": the names that gRPC uses. A string and no enum, so that a
   * client passes on a name that it does not know.
   */
  1: string status
  /** The status as a number, 1 to 16: the numbers that gRPC uses. */
  2: i32 code
  /** For people. Never the text of a database or a driver. */
  3: string message
  /** Stable and machine-readable, such as "CONNECTION_LOST". */
  4: string reason
  /** What became of the call: "none" (it surely had no effect) or "unknown" (it may have had one). */
  5: string outcome
  /** Whether the same call may be repeated without harm. */
  6: bool retryable
  /** How long to wait before that, in milliseconds. */
  7: optional i32 retryAfterMs
  /** The call's id: under it the server's log holds the cause. */
  8: string callId
}
