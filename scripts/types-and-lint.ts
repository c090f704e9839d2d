import path from 'node:path';
import { ESLint } from 'eslint';
import ts from 'typescript';

/*
 * What `npm run types` and `npm run lint` say of the whole project, in one process: the types, which take most of the time
 * of either, are worked out once for both. Prints what is wrong; the exit code is 1 when anything is.
 */
const ROOT = path.resolve(import.meta.dirname, '..');

const program = projectProgram();
const mistakes = ts.getPreEmitDiagnostics(program);
if (mistakes.length > 0)
  console.log(
    ts.formatDiagnostics(mistakes, {
      getCanonicalFileName: (file) => file,
      getCurrentDirectory: () => ROOT,
      getNewLine: () => '\n',
    }),
  );
const complaints = await lint(program);
if (complaints !== '') console.log(complaints);
process.exitCode = mistakes.length === 0 && complaints === '' ? 0 : 1;

/** The files and the settings of tsconfig.json. */
function projectProgram(): ts.Program {
  const file = path.join(ROOT, 'tsconfig.json');
  const { config, error } = ts.readConfigFile(file, (name) => ts.sys.readFile(name)) as {
    config: unknown;
    error?: ts.Diagnostic;
  };
  const { fileNames, options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT, {}, file);
  return ts.createProgram({
    rootNames: fileNames,
    options,
    // The parser of eslint reads docstrings' places by the parents of nodes.
    host: ts.createCompilerHost(options, true),
    configFileParsingDiagnostics: error === undefined ? errors : [error, ...errors],
  });
}

/** By eslint.config.js, but with the types of `program`; empty when there is nothing to say. */
async function lint(program: ts.Program): Promise<string> {
  const eslint = new ESLint({
    cwd: ROOT,
    overrideConfig: {
      files: ['**/*.ts', '**/*.tsx'],
      languageOptions: { parserOptions: { programs: [program], projectService: false } },
    },
  });
  const results = await eslint.lintFiles(['.']);
  return (await eslint.loadFormatter()).format(results);
}
