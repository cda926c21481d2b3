import type {
  Server,
  ServerWritableStream,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { numberOption, refuseUnknownOptions } from '../../core/process/check-options.js';
import { MAX_TIMER_MS } from '../../core/process/clock.js';
import { connections, type Registry } from '../../core/registry/registry.js';

/** The part of `HealthImplementation` of the package grpc-health-check that is needed. */
export interface HealthStatuses {
  setStatus(service: string, status: 'SERVING' | 'NOT_SERVING'): void;
  addToServer(server: Pick<Server, 'addService'>): void;
}

/** Options of {@link serveHealth}. */
export interface HealthOptions {
  /** The services that have a status of their own, beside `''` for the server as a whole. Default: none. */
  readonly services?: readonly ServiceDefinition[];
  /** Whose resources decide. Default: those of the process, `connections`. */
  readonly registry?: Registry;
  /** How often the resources are looked at, in milliseconds. Default 100. */
  readonly intervalMs?: number;
}

/** The health service of a server, while the server lives. */
interface ServedHealth {
  /** Says NOT_SERVING from now on, and ends the watches: they would keep the server open. */
  end(): void;
}

const served = new WeakMap<object, ServedHealth>();

/**
 * Adds the standard health service to a server and feeds it from the registry: NOT_SERVING while a resource is
 * down, or once {@link drain} has begun.
 *
 * ```ts
 * serveHealth(server, new HealthImplementation(), { services: [service] });   // from grpc-health-check
 * ```
 *
 * @throws TypeError or RangeError that names option and value.
 */
export function serveHealth(server: Server, health: HealthStatuses, options: HealthOptions = {}): void {
  refuseUnknownOptions('serveHealth', options, ['services', 'registry', 'intervalMs']);
  const { services = [], registry = connections } = options;
  const everyMs = numberOption('serveHealth', 'intervalMs', options.intervalMs, 100, {
    min: 1,
    max: MAX_TIMER_MS,
  });
  const names = ['', ...services.map(serviceName)];
  const watches = addTo(server, health);
  let told: string | undefined;
  const tell = (status: 'SERVING' | 'NOT_SERVING'): void => {
    if (status === told) return;
    told = status;
    for (const name of names) health.setStatus(name, status);
  };
  const look = (): void =>
    tell([...registry].some((resource) => resource.health === 'down') ? 'NOT_SERVING' : 'SERVING');
  look();
  const timer = setInterval(look, everyMs);
  timer.unref();
  served.set(server, {
    end: () => {
      clearInterval(timer);
      tell('NOT_SERVING');
      for (const watch of watches) watch.end();
    },
  });
}

/** The health service that was added to a server by {@link serveHealth}. */
export function healthOf(server: object): ServedHealth | undefined {
  return served.get(server);
}

type Watch = ServerWritableStream<unknown, unknown>;

/** Adds the service, and keeps an eye on the watches: grpc-health-check itself never ends one. */
function addTo(server: Server, health: HealthStatuses): ReadonlySet<Watch> {
  const watches = new Set<Watch>();
  const watching = (implementation: UntypedServiceImplementation): UntypedServiceImplementation => ({
    ...implementation,
    watch: (call: Watch) => {
      watches.add(call);
      call.once('close', () => watches.delete(call));
      (implementation.watch as (call: Watch) => void)(call);
    },
  });
  health.addToServer({
    addService: (definition, implementation) => server.addService(definition, watching(implementation)),
  });
  return watches;
}

function serviceName(service: ServiceDefinition): string {
  const [method] = Object.values(service);
  return method?.path.split('/')[1] ?? '';
}
