import type { Verifier } from './flash-board.ts';

/** One reader for many boards: it reads one card after the other. */
export function oneAtATime(verifier: Verifier): Verifier {
  let last: Promise<unknown> = Promise.resolve();
  return {
    name: verifier.name,
    async open() {
      const before = last;
      let done = (): void => {};
      last = new Promise<void>((resolve) => {
        done = resolve;
      });
      await before;
      try {
        const { reader, readerName } = await verifier.open();
        const close = reader.close.bind(reader);
        reader.close = async () => {
          await close();
          done();
        };
        return { reader, readerName };
      } catch (error) {
        done();
        throw error;
      }
    },
  };
}
