/**
 * Why a whole ATR cannot be shown, or null: its bytes must add up as ISO/IEC 7816-3 lays them out, and the
 * profile's protocol must be among those that it offers.
 */
export function atrProblem(atr: Uint8Array, protocol: 'T=0' | 'T=1'): string | null {
  if (atr[0] !== 0x3b && atr[0] !== 0x3f) return 'an ATR begins with 3B or 3F';
  const historical = (atr[1] as number) & 0x0f;
  let announced = (atr[1] as number) >> 4;
  let length = 2;
  const offered: number[] = [];
  for (;;) {
    length += (announced & 1) + ((announced >> 1) & 1) + ((announced >> 2) & 1);
    if ((announced & 8) === 0) break;
    const td = atr[length++];
    if (td === undefined) return 'the ATR is cut short in its interface bytes';
    offered.push(td & 0x0f);
    announced = td >> 4;
  }
  if (offered.length === 0) offered.push(0);
  const checked = offered.some((protocol) => protocol !== 0);
  length += historical + (checked ? 1 : 0);
  if (atr.length !== length) return `the ATR announces ${length} bytes and has ${atr.length}`;
  if (checked && atr.subarray(1).reduce((sum, byte) => sum ^ byte, 0) !== 0) return 'the last byte, TCK, is wrong';
  if (offered.includes(protocol === 'T=0' ? 0 : 1)) return null;
  return `the ATR offers T=${offered.join(' and T=')} and \`protocol\` is ${protocol}`;
}
