import type { ComponentChildren } from 'preact';

export type Tone = 'good' | 'bad' | 'unsure' | 'plain';

/** A sign for each tone, for who sees no colours. */
const SIGNS: Readonly<Record<Tone, string>> = { good: '✔', bad: '✘', unsure: '!', plain: '·' };

interface StatusLineProps {
  readonly tone: Tone;
  readonly children: ComponentChildren;
}

/** One line that says how things stand. */
export function StatusLine({ tone, children }: StatusLineProps) {
  return (
    <p class={`status ${tone}`}>
      <span aria-hidden="true" class="sign">
        {SIGNS[tone]}
      </span>
      <span>{children}</span>
    </p>
  );
}

/**
 * What a screen reader says when it changes. It stands in the page from the start and empty: a region that appears
 * together with its words is not read by all of them.
 */
export function LiveRegion({ children, urgent }: { readonly children: ComponentChildren; readonly urgent?: boolean }) {
  return (
    <div role={urgent === true ? 'alert' : 'status'} class="live">
      {children}
    </div>
  );
}
