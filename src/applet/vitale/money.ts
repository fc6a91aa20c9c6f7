/** Largest amount that a file can hold: four bytes of cents. */
export const MOST_CENTS = 0xffffffff;

/** Whole cents as people read them in France, with plain spaces: `1 234,56 €`. */
export function formatEuros(cents: number): string {
  const whole = Math.abs(cents);
  const euros = `${Math.floor(whole / 100)}`.replace(/\B(?=(?:\d{3})+$)/g, ' ');
  return `${cents < 0 ? '-' : ''}${euros},${`${whole % 100}`.padStart(2, '0')} €`;
}

/** Euros with exactly two decimals after a point, `26.50`, in whole cents; null for anything else. */
export function parseEuros(text: string): number | null {
  if (!/^(?:0|[1-9]\d{0,7})\.\d\d$/.test(text)) return null;
  const cents = Number(text.replace('.', ''));
  return cents <= MOST_CENTS ? cents : null;
}
