/** The part of reflect-metadata that is used, when the program has loaded it. */
interface ReflectMetadata {
  getOwnMetadataKeys?(target: object, key?: string | symbol): unknown[];
  getOwnMetadata?(metadataKey: unknown, target: object, key?: string | symbol): unknown;
  defineMetadata?(metadataKey: unknown, value: unknown, target: object, key?: string | symbol): void;
}

const reflect = Reflect as ReflectMetadata;

/** The key under which the legacy dialect keeps the options, when reflect-metadata is loaded. */
const OPTIONS_METADATA = 'fresh-connections:options';

/** Frameworks such as NestJS attach metadata to the method itself: the wrapper must carry it too. */
export function copyMetadata(from: object, to: object): void {
  for (const key of reflect.getOwnMetadataKeys?.(from) ?? []) {
    reflect.defineMetadata?.(key, reflect.getOwnMetadata?.(key, from), to);
  }
}

/** Records options for those who look for them; without reflect-metadata it does nothing. */
export function recordOptions(options: object, target: object, key?: string | symbol): void {
  if (key === undefined) reflect.defineMetadata?.(OPTIONS_METADATA, options, target);
  else reflect.defineMetadata?.(OPTIONS_METADATA, options, target, key);
}
