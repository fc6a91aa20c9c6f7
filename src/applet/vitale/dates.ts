import type { Period } from './card-data.ts';

/** Whether 8 digits AAAAMMJJ are a day of the Gregorian calendar. */
export function isCalendarDate(date: string): boolean {
  if (!/^\d{8}$/.test(date)) return false;
  const month = Number(date.slice(4, 6));
  const day = Number(date.slice(6));
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(Number(date.slice(0, 4)), month);
}

/**
 * Whole years from a birth date to a day, both AAAAMMJJ, or null when the birth date is not 8 digits or is later.
 *
 * A month over 12 ("lunar" dates) counts as 12, and a month or day 00 as 01.
 */
export function ageOn(birthDate: string, today: string): number | null {
  if (!/^\d{8}$/.test(birthDate) || !/^\d{8}$/.test(today)) return null;
  const month = Math.min(Math.max(Number(birthDate.slice(4, 6)), 1), 12);
  const day = Math.max(Number(birthDate.slice(6)), 1);
  const before = Number(today.slice(4)) < month * 100 + day;
  const age = Number(today.slice(0, 4)) - Number(birthDate.slice(0, 4)) - (before ? 1 : 0);
  return age < 0 ? null : age;
}

/** Whether a day lies in a period; both its ends do. */
export function isWithin(period: Period, day: string): boolean {
  return period.start <= day && (period.end === null || day <= period.end);
}

/** The same day `years` later; 29 February becomes 28 in a common year. */
export function yearsLater(date: string, years: number): string {
  const year = Number(date.slice(0, 4)) + years;
  const month = Number(date.slice(4, 6));
  const day = Math.min(Number(date.slice(6)), daysInMonth(year, month));
  return `${year}`.padStart(4, '0') + date.slice(4, 6) + `${day}`.padStart(2, '0');
}

function daysInMonth(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  if (month === 2) return leap ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
