import process from 'node:process';

/** Tells the demo where the server listens. The server ends with the demo, however that ends. */
export function reportPort(port: number): void {
  process.send?.({ port });
  process.on('disconnect', () => process.exit());
}
