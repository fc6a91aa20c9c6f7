export interface Sample {
  readonly kind: 'sample' | 'background';
  readonly command: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface RanSample extends Sample {
  readonly output: string;
  readonly agrees: boolean;
}

export function pages(): string[];
export function samplesOf(markdown: string): Sample[];
export function needsPcsc(command: string): boolean;
export function steady(line: string): string;
export function shows(sample: string, output: string): boolean;
export function rewritten(sample: string, output: string): string;
export function runPage(
  page: string,
  options: { readonly pcsc: boolean },
): Promise<{ readonly ran: readonly RanSample[]; readonly skipped: readonly string[] }>;
export function withOutputs(markdown: string, ran: readonly RanSample[]): string;
