import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { deflateZlib, inflateZlib, ZlibError } from '../../../../rig/life/credential/zlib-stream.ts';

const text = Buffer.from('one card, one card, one card');

describe('a zlib stream', () => {
  it('is inflated up to the limit and not beyond', () => {
    expect(inflateZlib(deflateZlib(text), text.length)).toEqual(Uint8Array.from(text));
    expect(() => inflateZlib(deflateZlib(text), text.length - 1)).toThrow(
      expect.objectContaining({ reason: 'too-large' }),
    );
    expect(inflateZlib(deflateZlib(new Uint8Array(0)), 0)).toHaveLength(0);
    expect(() => inflateZlib(deflateZlib(Uint8Array.of(1)), 0)).toThrow(ZlibError);
  });

  it('that is a bomb stops at the limit', () => {
    // 64 MiB of zeros in 64 kB. What inflating costs is the output: none of it is more than the limit.
    const bomb = deflateSync(Buffer.alloc(64 * 1024 * 1024));
    const before = process.memoryUsage();
    expect(() => inflateZlib(bomb, 4096)).toThrow(expect.objectContaining({ reason: 'too-large' }));
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8 * 1024 * 1024);
  });

  it.each([
    ['raw deflate', deflateRawSync(text)],
    ['gzip', gzipSync(text)],
    ['a changed byte', Uint8Array.from(deflateSync(text), (byte, i) => (i === 20 ? byte ^ 1 : byte))],
    ['cut short', deflateSync(text).subarray(0, -1)],
    ['a byte behind', Buffer.concat([deflateSync(text), Uint8Array.of(0)])],
    ['two streams', Buffer.concat([deflateSync(text), deflateSync(text)])],
    ['nothing', new Uint8Array(0)],
  ])('is refused: %s', (_, stream) => {
    expect(() => inflateZlib(stream, 1000)).toThrow(expect.objectContaining({ reason: 'damaged' }));
  });
});
