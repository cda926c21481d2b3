// What handlers do that no handler should, for all four kinds of methods. Plain JavaScript: the server of bare
// grpc-js that runs it is a process of its own, because some of it ends the process.
import { setTimeout as delay } from 'node:timers/promises';

const SECRET = 'secret 10.0.0.3:3306';
const secret = () => new Error(SECRET);

/** Reads the requests of a stream, so that there is an end to listen for. */
const drained = (call) => (typeof call.request === 'object' ? call : call.on('data', () => undefined));

/** Answers as well as this kind of method can. */
function answer(call, callback) {
  if (callback) callback(null, { text: 'fine' });
  else {
    call.write({ text: 'fine' });
    call.end();
  }
}

/** How often a client was seen to leave: what is done after that is done in time. */
const left = (call) => new Promise((resolve) => call.once('cancelled', resolve));

/** By name: `(call, callback)`; streams to the client have no callback. */
export const misdeeds = {
  'throws at once': () => {
    throw secret();
  },
  'throws a string': () => {
    throw SECRET;
  },
  'throws nothing': () => {
    throw undefined;
  },
  rejects: async (call) => {
    drained(call);
    await delay(1);
    throw secret();
  },
  'rejects with nothing': async () => {
    await delay(1);
    throw undefined;
  },
  'fails as grpc-js asks for': (call, callback) => {
    drained(call);
    if (callback) callback(secret());
    else call.emit('error', secret());
  },
  'fails twice': (call, callback) => {
    drained(call);
    for (let time = 0; time < 2; time += 1) {
      if (callback) callback(secret());
      else call.emit('error', secret());
    }
  },
  'answers twice': (call, callback) => {
    drained(call);
    answer(call, callback);
    answer(call, callback);
  },
  'answers, then fails': (call, callback) => {
    drained(call);
    answer(call, callback);
    if (callback) callback(secret());
    else call.emit('error', secret());
  },
  'answers, then throws': (call, callback) => {
    drained(call);
    answer(call, callback);
    throw secret();
  },
  'answers, then rejects': async (call, callback) => {
    drained(call);
    answer(call, callback);
    await delay(1);
    throw secret();
  },
  'answers what is no message': (call, callback) => {
    drained(call);
    const wrong = {
      text: {
        toString: () => {
          throw secret();
        },
      },
    };
    if (callback) callback(null, wrong);
    else {
      call.write(wrong);
      call.end();
    }
  },
  'answers nothing': (call, callback) => {
    drained(call);
    if (callback) callback(null);
    else call.end();
  },
  'throws in a listener': (call, callback) => {
    if (typeof call.request === 'object') {
      call.once('mine', () => {
        throw secret();
      });
      setImmediate(() => call.emit('mine'));
      return;
    }
    call.on('data', () => {
      throw secret();
    });
    call.on('end', () => answer(call, callback));
  },
  'throws in the listener of the end': (call, callback) => {
    const fail = () => {
      throw secret();
    };
    if (callback && typeof call.request === 'object') {
      call.once('mine', fail);
      setImmediate(() => call.emit('mine'));
    } else if (callback) drained(call).once('end', fail);
    else {
      drained(call).once('finish', fail);
      call.end();
    }
  },
  'ends the call without an answer': (call) => {
    drained(call);
    call.end();
  },
  'throws in the listener of the cancellation': (call) => {
    drained(call);
    call.on('cancelled', () => {
      throw secret();
    });
  },
  'destroys the call': (call) => {
    call.destroy?.();
    if (call.destroy === undefined) throw secret();
  },
  'destroys the call with an error': (call) => {
    call.destroy?.(secret());
    if (call.destroy === undefined) throw secret();
  },
  'answers after the client left': async (call, callback) => {
    drained(call);
    await left(call);
    answer(call, callback);
  },
  'fails after the client left': async (call, callback) => {
    drained(call);
    await left(call);
    if (callback) callback(secret());
    else call.emit('error', secret());
  },
  'rejects after the client left': async (call) => {
    drained(call);
    await left(call);
    throw secret();
  },
};
