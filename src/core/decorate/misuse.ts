/** A decorator on something that it cannot decorate. */
export function misuse(decorator: string, place: string): TypeError {
  return new TypeError(`@${decorator} decorates methods and classes, not ${place}`);
}
