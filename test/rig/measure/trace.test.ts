import { describe, expect, it } from 'vitest';
import { benchTrace } from '../../../rig/measure/trace.ts';
import { EXPORTERS } from '../../../rig/trace/formats/index.ts';
import { fakeIo } from '../console/fake-io.ts';

describe('bench trace', () => {
  it('writes every format and reads it again', async () => {
    const io = fakeIo({ json: true });
    expect(await benchTrace({ count: 20, memorySizes: [] }, io)).toBe(0);
    const { formats } = JSON.parse(io.out.join('')) as { formats: { format: string; size: number; written: number }[] };
    expect(formats.map(({ format }) => format)).toEqual(EXPORTERS.map(({ name }) => name));
    expect(formats.every(({ size, written }) => size > 0 && written > 0)).toBe(true);
  });
});
