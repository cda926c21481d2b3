# A client in another language: calls Echo.Write over TLS and prints what it understood of the failure as JSON.
# It knows protobuf from Google's library and google.rpc.Status from its definition alone.
import json
import sys

import grpc
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, duration_pb2, message_factory

TYPE = descriptor_pb2.FieldDescriptorProto


def messages():
    """google/rpc/status.proto and error_details.proto, as far as they are used."""
    file = descriptor_pb2.FileDescriptorProto(name='rpc.proto', package='google.rpc', syntax='proto3')
    file.dependency.extend(['google/protobuf/any.proto', 'google/protobuf/duration.proto'])

    def message(parent, name, **fields):
        made = parent.add(name=name)
        for field, (number, kind, label, type_name) in fields.items():
            made.field.add(name=field, number=number, type=kind, label=label, type_name=type_name)
        return made

    one, many = TYPE.LABEL_OPTIONAL, TYPE.LABEL_REPEATED
    message(file.message_type, 'Status', code=(1, TYPE.TYPE_INT32, one, None), message=(2, TYPE.TYPE_STRING, one, None),
            details=(3, TYPE.TYPE_MESSAGE, many, '.google.protobuf.Any'))
    info = message(file.message_type, 'ErrorInfo', reason=(1, TYPE.TYPE_STRING, one, None),
                   domain=(2, TYPE.TYPE_STRING, one, None),
                   metadata=(3, TYPE.TYPE_MESSAGE, many, '.google.rpc.ErrorInfo.MetadataEntry'))
    entry = message(info.nested_type, 'MetadataEntry', key=(1, TYPE.TYPE_STRING, one, None),
                    value=(2, TYPE.TYPE_STRING, one, None))
    entry.options.map_entry = True
    message(file.message_type, 'RetryInfo',
            retry_delay=(1, TYPE.TYPE_MESSAGE, one, '.google.protobuf.Duration'))
    pool = descriptor_pool.DescriptorPool()
    for known in (any_pb2, duration_pb2):
        pool.AddSerializedFile(known.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return [factory.GetPrototype(pool.FindMessageTypeByName(f'google.rpc.{name}'))
            for name in ('Status', 'ErrorInfo', 'RetryInfo')]


def main():
    target, certificate, text = sys.argv[1:]
    Status, ErrorInfo, RetryInfo = messages()
    with open(certificate, 'rb') as file:
        trust = grpc.ssl_channel_credentials(file.read())
    with grpc.secure_channel(target, trust) as channel:
        # Note { string text = 1; } of up to 127 bytes.
        write = channel.unary_unary('/fresh.test.Echo/Write')
        note = text.encode()
        try:
            write(b'\x0a' + bytes([len(note)]) + note, timeout=10)
            print(json.dumps({'code': 'OK'}))
        except grpc.RpcError as error:
            print(json.dumps(understood(error, Status, ErrorInfo, RetryInfo)))


def understood(error, Status, ErrorInfo, RetryInfo):
    trailers = dict(error.trailing_metadata())
    status = Status.FromString(trailers['grpc-status-details-bin'])
    result = {
        'code': error.code().name,
        'details': error.details(),
        'pushback': trailers.get('grpc-retry-pushback-ms'),
        'status': {'code': status.code, 'message': status.message},
    }
    for detail in status.details:
        if detail.type_url == 'type.googleapis.com/google.rpc.ErrorInfo':
            info = ErrorInfo.FromString(detail.value)
            result['info'] = {'reason': info.reason, 'domain': info.domain, 'metadata': dict(info.metadata)}
        if detail.type_url == 'type.googleapis.com/google.rpc.RetryInfo':
            delay = RetryInfo.FromString(detail.value).retry_delay
            result['retryAfterMs'] = delay.seconds * 1000 + delay.nanos // 1_000_000
    return result


main()
