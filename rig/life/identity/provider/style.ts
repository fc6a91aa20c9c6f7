/** The look of the identity provider: plum on cream, unlike any service of a state, and unlike the issuer's pages. */
export const STYLE = `:root { color-scheme: light dark; --plum: #5b1a4f; --paper: #fffaf0; --ink: #241a22; --edge: #c9b4c4; }
@media (prefers-color-scheme: dark) { :root { --plum: #e6a8d8; --paper: #1f171d; --ink: #f4ebf1; --edge: #6b5565; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.5 Georgia, serif; }
header { display: flex; justify-content: space-between; align-items: center; gap: 1rem; padding: .75rem 1rem;
  border-bottom: 4px double var(--plum); }
.name { margin: 0; font-weight: bold; color: var(--plum); }
.test { margin: 0; padding: .5rem 1rem; border-bottom: 1px solid var(--edge); font-style: italic; }
main { max-width: 36rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.125rem; margin-bottom: .25rem; }
a { color: var(--plum); } ul { padding-left: 1.25rem; } fieldset { border: 1px solid var(--edge); }
fieldset ul { list-style: none; padding: 0; } fieldset label { display: block; padding: .5rem 0; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; } dd { margin: 0; font-weight: bold; overflow-wrap: anywhere; }
button, .button { display: inline-block; margin: .5rem .5rem .5rem 0; padding: .75rem 1.25rem; font: inherit; border: 2px solid var(--plum);
  background: var(--plum); color: var(--paper); text-decoration: none; cursor: pointer; }
button.second { background: none; color: var(--plum); }
input[type=search] { font: inherit; padding: .5rem; width: 100%; max-width: 20rem; background: var(--paper); color: var(--ink);
  border: 1px solid var(--ink); }
:focus-visible { outline: 3px solid var(--plum); outline-offset: 2px; }
`;
