import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';

const root = path.dirname(fileURLToPath(import.meta.url));

/** Reads the import table of docs/architecture.md: folder → folders it may import. */
function readImportTable() {
  const text = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([^`]+)` \| [^|]+ \| ([^|]+) \|$/gm)];
  const table = rows.map(([, folder, allowed]) => ({
    folder,
    allowed: allowed.trim() === '–' ? [] : allowed.split(',').map((word) => word.trim()),
  }));
  if (table.length < 20)
    throw new Error(`docs/architecture.md: only ${table.length} rows of the import table were found`);
  return table;
}

const table = readImportTable();
const folders = table.map((row) => row.folder);
const folderOf = (file) => {
  const relative = path.relative(root, file).split(path.sep).join('/');
  return folders
    .filter((folder) => relative === folder || relative.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0];
};
const longName = (word) => (folders.includes(word) ? word : `src/${word}`);

const layers = {
  rules: {
    imports: {
      create(context) {
        const from = folderOf(context.filename);
        const row = table.find((candidate) => candidate.folder === from);
        const check = (node) => {
          const name = node.source?.value;
          if (
            typeof name !== 'string' ||
            !name.startsWith('.') ||
            row === undefined ||
            row.allowed.includes('*')
          )
            return;
          const to = folderOf(path.resolve(path.dirname(context.filename), name));
          if (to === undefined || to === from || row.allowed.map(longName).includes(to)) return;
          context.report({
            node,
            message: `${from} may not import ${to} (see the table in docs/architecture.md)`,
          });
        };
        return {
          Program: (node) => {
            if (row !== undefined || path.dirname(context.filename) === root) return;
            context.report({ node, message: 'this folder is not in the table of docs/architecture.md' });
          },
          ImportDeclaration: check,
          ExportNamedDeclaration: check,
          ExportAllDeclaration: check,
          ImportExpression: check,
        };
      },
    },
  },
};

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      'coverage/**',
      '.slipway/**',
      'test/fixtures/**',
      'demo/app/**',
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.js', '*.mjs'] }, tsconfigRootDir: root },
    },
    plugins: { slipway: layers },
    rules: {
      'slipway/imports': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/require-await': 'off',
      'no-console': 'off',
    },
  },
  { files: ['src/**', 'worker/**'], ignores: ['src/cli/**'], rules: { 'no-console': 'error' } },
  { files: ['**/*.js', '**/*.mjs', '**/*.cjs'], ...tseslint.configs.disableTypeChecked },
);
