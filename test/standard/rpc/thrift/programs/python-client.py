"""A session with the service Quirks, for the test of interoperation: the client is Apache Thrift's for Python.

python3 python-client.py <port> <framed|buffered> <binary|compact|json>; prints what it got, as JSON."""
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'gen', 'py'))

from thrift.protocol import TBinaryProtocol, TCompactProtocol, TJSONProtocol
from thrift.Thrift import TApplicationException
from thrift.transport import TSocket, TTransport

from quirks import Quirks
from quirks.ttypes import Boom, Item
from fresh_connections.service_exception.ttypes import ServiceException

port, transport_name, protocol_name = sys.argv[1:]
transport_class = {'framed': TTransport.TFramedTransport, 'buffered': TTransport.TBufferedTransport}
protocol_class = {
    'binary': TBinaryProtocol.TBinaryProtocol,
    'compact': TCompactProtocol.TCompactProtocol,
    'json': TJSONProtocol.TJSONProtocol,
}
socket = TSocket.TSocket('127.0.0.1', int(port))
socket.setTimeout(10000)
transport = transport_class[transport_name](socket)
client = Quirks.Client(protocol_class[protocol_name](transport))
transport.open()

got = {}


def failure(name, call):
    try:
        call()
        got[name] = 'no exception'
    except Boom as error:
        got[name] = ['Boom', error.text]
    except ServiceException as error:
        got[name] = ['ServiceException', error.status, error.code, error.retryable, error.retryAfterMs]
    except TApplicationException as error:
        got[name] = ['TApplicationException', error.type, error.message.split(' (call')[0]]


got['three'] = client.three(u'\u00e4', 'b' * 100000, u'\U0001f600')[-2:]
got['nothing'] = client.nothing('a')
got['items'] = [[item.name, item.amount] for item in client.items(2)]
items = [Item(name='x', amount=-1), Item(name='y', amount=2)]
got['counts'] = client.counts(items, {'a': 1, 'b': 2}, {1, -2, 2 ** 40}, [[True, False], [], [False]])
got['inherited'] = client.inherited('up')
client.fire('oneway')
failure('boom', lambda: client.declared('boom'))
failure('failure', lambda: client.declared('failure'))
failure('undeclared', lambda: client.undeclared('x'))
got['after'] = client.none()
transport.close()
print(json.dumps(got))
