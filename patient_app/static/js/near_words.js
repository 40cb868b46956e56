// The ways in which somebody says that they are in danger, in the languages of the application, as patterns over small
// letters without accents. Looked at on this phone only; nothing is sent. All that follows is that help is shown, to the
// person alone, so too many are better than too few.
//
// Source: our own proposal; no list is validated for this, and a clinician is to review it. Each kind is held by
// tests/browser/test_near_words.py, which also tries all that core/danger_words.py knows in texts of our own.
const SELF = "(?:my ?self|your ?self|(?:them|him|her|one)sel(?:f|ves)|me\\b)";
const WANT = "(?:want|wants|wanted|wanting|wanna|wish|wishing|hope|hoping|rather|ready|going|gonna|plan|planning|decided|deserve|like|love)";
const SOFTLY = "(?:just|only|really|even|ever|all|could|can|would|should|was|were|to|i) ";
const NOT = "(?:dont|don't|do not|didnt|didn't|did not|doesnt|doesn't|not|no longer|never|cant|can't|can ?not|couldnt|couldn't|could not|unable)";
const WISH = "(?:quiero|quisiera|querria|queria|quiera|ganas de|deseos? de|deseo|prefiero|preferiria|gustaria|ojala|merezco|voy a|pensado en|pienso|pensando en|pensar en)";
const ENGLISH = [
  "suicid", "self[- ]?harm", "\\boverdos", "\\bod'?(?:d|ed|ing)\\b", "\\bunaliv",
  `\\b(?:kill|killing|hurt|hurting|harm|harming|cut|cutting|shoot|shooting|hang|hanging|drown|drowning) ${SELF}`,
  "\\b(?:end|ending|take|taking) (?:it all\\b|(?:my|your) (?:own )?life\\b)", "\\bend(?:ing)? (?:it|things|everything)(?: (?:now|tonight|today|soon|for good))?(?: ?[.!]|$)",
  `\\b${WANT} (?:${SOFTLY})*(?:die\\b|be dead\\b|dead\\b|not (?:be (?:here|alive)|wake up|exist|live)\\b|never (?:wake up|been born)\\b|stop existing|cease to exist|disappear\\b)`,
  "\\b(?:hope|wish) (?:that )?i (?:dont|don't|do not|wont|won't|didnt|didn't|had not|hadnt|hadn't) wake", "\\bwish (?:that )?i (?:wasnt|wasn't|werent|weren't) (?:here|alive|born)",
  "\\bwish(?:ed|ing)? (?:that )?i (?:was|were|had|am) (?:dead|never|not (?:here|alive)|gone)",
  "\\b(?:thinking|think|thought|thoughts|idea|ideas|dream|dreaming|fantasi[sz]e|fantasi[sz]ing) (?:is |are |a lot )?(?:of|about) (?:dying|death|being dead|(?:ending|taking) (?:it|my|your|things)|not (?:being|waking))",
  `\\b${NOT} (?:${SOFTLY})*(?:want|wants|wanted|wanting|wanna|wish|care|need) (?:${SOFTLY})*(?:be alive|be here|live\\b(?! (?:with|in|at|near|alone|there|here|together))|wake up|exist|be around|carry on|keep (?:going|living)|go on\\b(?! (?:with|to|a|an|the|this|that|my|your|holiday|vacation|[a-z]+ing)\\b))`,
  "\\b(?:cant|can't|can ?not|couldnt|couldn't|could not) (?:go on|carry on|keep (?:going|living)|live like this|(?:do|take|bear|stand) (?:this|it) any ?more)",
  "\\b(?:not|never) (?:wake|waking) up\\b", "\\bbetter off (?:dead|without me)\\b", "\\bno (?:reason|point) (?:to|in|for me to) (?:liv|go on|be (?:here|alive))",
  "\\bnot worth living\\b", "\\bnothing (?:left )?to live for\\b", "\\bsay(?:ing)? good ?bye to (?:everyone|everybody|them all)",
  "\\btak(?:e|ing) all (?:of )?(?:my|the|these|those) (?:pills|tablets|meds|medicines?|medications?)\\b",
];
const SPANISH = [
  "\\b(?:matar|ahorcar|cortar|lastimar|herir)me\\b", "\\bme (?:mato|corto|lastimo)\\b", "\\b(?:se|me) (?:hag[ao]n?|hac(?:e|en|ia)|hizo|hecho) dano\\b", "\\bhacer(?:me|se) dano\\b|\\blastimarse\\b", "\\b(?:quitarme|quitarse) la vida\\b|\\bmatarse\\b",
  `\\b${WISH} (?:(?:solo|ya|mejor) )*(?:morir(?:me|se)?\\b|la muerte\\b|estar muert|acabar con todo|no (?:estar|existir|despertar|vivir)|desaparecer\\b)`,
  "\\bme (?:quiero|quisiera|gustaria|voy a) (?:morir|matar|quitar la vida)", "\\bojala (?:(?:ya|no) )*(?:me )?(?:muriera|muera|despert|estuviera (?:muert|viv)|existiera|hubiera nacido)",
  "\\b(?:no|ni|tampoco|nunca|sin) (?:(?:ya|tengo|tiene|me|mas) )*(?:quiero|quisiera|queria|quiera|quiere|deseo|ganas de|puedo) (?:(?:ya|mas) )*(?:vivir\\b(?! (?:con|en|cerca|juntos|juntas|solo|sola)\\b)|seguir viviendo|seguir\\b(?! (?:con|en|a|al|un|una|el|la|los|las|su|sus|asi|[a-z]+[aie]ndo)\\b)|estar (?:viv|aqui)|despertar(?:me)?\\b(?! (?:a|temprano|tarde)\\b)|existir)",
  "\\bya no (?:puedo|aguanto|doy) mas\\b", "\\bno (?:puedo|aguanto) mas\\b", "\\bno puedo seguir(?: asi)?\\b(?! (?:con|en|[a-z]+[aie]ndo)\\b)",
  "\\b(?:pens\\w+|piens\\w+|ideas?|pensamientos?) (?:mucho |siempre |todo el tiempo )?(?:en|de) (?:morir|la muerte|muerte|matar|acabar con todo|quitar)",
  "\\b(?:acabar|terminar) con (?:todo\\b|(?:mi|su) (?:propia )?vida)", "\\bmejor (?:estaria |estar )?muert[oa]\\b", "\\bestarian? mejor sin mi\\b", "\\bsobredosis\\b", "\\bautolesi",
  "\\bno vale la pena vivir\\b", "\\bnada por (?:que|lo que) vivir\\b|\\bpara que vivir\\b", "\\bdespedirme de todos\\b", "\\btomarme todas (?:mis|las|estas) (?:pastillas|pildoras|medicinas)\\b",
];

const plain = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replace(/[’‘`´]/g, "'").replace(/\s+/g, " ");
const heavy = new RegExp([...ENGLISH, ...SPANISH].join("|"));

// Whether a text says so. (Most fields are empty when a page looks first: the pattern is made ready by the first that is not.)
export function soundsHeavy(text) {
  return text !== "" && heavy.test(plain(text));
}
