/** The text with lone surrogates replaced: grpc-js would throw on them while it writes the trailers. */
export function wellFormed(text: string): string {
  // Node 20 has it; the `lib` of ES2023 does not list it.
  return (text as string & { toWellFormed(): string }).toWellFormed();
}

/** The well-formed text, cut where its encoding would be longer than that. */
export function withinBytes(text: string, maxBytes: number, bytesOf: (text: string) => number): string {
  // No character is shorter than a byte: what follows can only be cut off.
  let cut = wellFormed(text.slice(0, maxBytes));
  while (bytesOf(cut) > maxBytes) {
    const kept = Math.min(cut.length - 1, Math.floor((cut.length * maxBytes) / bytesOf(cut)));
    cut = wellFormed(cut.slice(0, kept));
  }
  return cut;
}
