import { build } from 'esbuild';
import { getQuickJS } from 'quickjs-emscripten';
import { describe, expect, it } from 'vitest';

/**
 * The core, bundled as one script, in an engine that has no Node, no timers, no TextDecoder and no WebAssembly: what
 * a microcontroller's JavaScript engine would give it.
 */
async function bundle(entry: URL): Promise<string> {
  const result = await build({
    entryPoints: [entry.pathname],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['import'],
  });
  return result.outputFiles[0]!.text;
}

describe('the core in QuickJS', () => {
  it('answers SELECT, VERIFY, READ RECORD and READ BINARY', async () => {
    const script = await bundle(new URL('embedded-card.ts', import.meta.url));
    expect(script).not.toMatch(/require\(|node:/);
    const vm = (await getQuickJS()).newContext();
    try {
      vm.unwrapResult(vm.evalCode(script)).dispose();
      const exchange = (command: string, by = 'exchange'): string => {
        const handle = vm.unwrapResult(vm.evalCode(`${by}(${JSON.stringify(command)})`));
        const answer = vm.getString(handle);
        handle.dispose();
        return answer;
      };
      expect(exchange('00A4040007F056495441500100')).toBe(
        '6F268201388302DF018407F05649544150018A0105A1088C0201009C020100500742656E636820419000',
      );
      expect(exchange('00B2011400')).toBe('AA019000');
      expect(exchange('00B2012400')).toBe('6982');
      expect(exchange('002000810431323334')).toBe('9000');
      expect(exchange('00B2012400')).toBe('5EC19000');
      expect(exchange('00B0850000')).toBe('C0DE9000');
      // The same in blocks of 16 bytes: one there, four back.
      expect(exchange('00A4040007F056495441500100', 'exchangeInBlocks')).toBe(
        '6F268201388302DF018407F05649544150018A0105A1088C0201009C020100500742656E636820419000',
      );
      expect(exchange('00B2011400', 'exchangeInBlocks')).toBe('AA019000');
    } finally {
      vm.dispose();
    }
  });

  it('opens a channel: PACE, terminal and chip authentication, both roles', async () => {
    const script = await bundle(new URL('embedded-channel.ts', import.meta.url));
    expect(script).not.toMatch(/require\(|node:/);
    const vm = (await getQuickJS()).newContext();
    try {
      vm.unwrapResult(vm.evalCode(script)).dispose();
      const handle = vm.unwrapResult(vm.evalCode('channel()'));
      expect(vm.getString(handle)).toBe('029000');
      handle.dispose();
    } finally {
      vm.dispose();
    }
  }, 120_000);
});
