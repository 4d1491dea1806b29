import type { AsyncApiDocument } from './asyncapi-document.js';

/** The component that draws the page, as text: `browser/standalone/index.js` and `styles/default.min.css` of `@asyncapi/react-component`. */
export interface PageComponent {
  readonly script: string;
  readonly style: string;
}

/** One static HTML page that shows the document. Everything is in it: its policy lets it ask the network for nothing. */
export function asyncApiPage(document: AsyncApiDocument, { script, style }: PageComponent): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escaped(document.info.title)}</title>
<style>${style.replace(/<\/(?=style)/gi, '<\\/')}</style>
</head>
<body>
<div id="asyncapi"></div>
<script type="application/json" id="document">${JSON.stringify(document).replaceAll('<', '\\u003c')}</script>
<script>${scriptText(script)}</script>
<script>
AsyncApiStandalone.render(
  { schema: JSON.parse(document.getElementById('document').textContent), config: { show: { sidebar: true } } },
  document.getElementById('asyncapi'),
);
</script>
</body>
</html>
`;
}

/** The component compiles schemas to functions, which a policy calls eval. */
const policy = [
  "default-src 'none'",
  "script-src 'unsafe-inline' 'unsafe-eval'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  'font-src data:',
  "form-action 'none'",
  "base-uri 'none'",
].join('; ');

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** What would end the element, or open a comment in it; in scripts both stand in texts and regular expressions alone. */
function scriptText(script: string): string {
  return script.replace(/<\/(?=script)/gi, '<\\/').replaceAll('<!--', '\\x3c!--');
}
