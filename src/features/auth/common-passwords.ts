/** Passwords of eight characters and more that everybody who guesses tries first, in lower case. */
export const commonPasswords: ReadonlySet<string> = new Set(
  `
  12345678 123456789 1234567890 12345678910 0123456789 987654321 9876543210 123123123 1234512345 11223344
  12341234 11112222 12344321 123321123 147258369 789456123 159753456 741852963 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y
  1qaz2wsx 1qaz2wsx3edc zaq12wsx zaq1zaq1 q1w2e3r4 q1w2e3r4t5 qwer1234 qwert123 qwerty12 qwerty123 qwerty1234
  qwertyui qwertyuiop qwertzui qwertzuiop azertyui azertyuiop asdfghjk asdfghjkl zxcvbnm1 zxcvbnm123 asdf1234
  asdfasdf qazwsxedc qweasdzxc qwe123qwe abcd1234 abc12345 abc123456 abcdefgh abcdefghi abcdefg1 a1b2c3d4
  a1234567 a12345678 a123456789 aa123456 aa12345678 password password1 password12 password123 password1234
  password! passw0rd passw0rd1 p@ssword p@ssw0rd p@ssw0rd1 pa$$word pa55word passwort passwort1 motdepasse
  contraseña senha123 letmein1 letmein123 welcome1 welcome12 welcome123 changeme changeme1 changeme123 default1
  iloveyou iloveyou1 iloveyou2 iloveyou! trustno1 sunshine sunshine1 princess princess1 football football1
  baseball baseball1 basketball superman superman1 batman123 spiderman starwars pokemon1 pokemon123 dragon123
  monkey123 master123 shadow123 michael1 jennifer jordan23 charlie1 computer computer1 internet samsung1
  liverpool liverpool1 chelsea1 arsenal1 barcelona manchester juventus1 whatever butterfly chocolate
  cheese123 cookie123 summer123 winter123 spring123 autumn123 summer2024 summer2025 summer2026 winter2024
  winter2025 winter2026 january1 december administrator admin123 admin1234 admin12345 root1234 test1234
  testtest test12345 guest123 user1234 login123 secret123 mysecret access14 nothing1 killer123 hello123
  hello1234 helloworld goodluck lovelove loveyou1 freedom1 blink182 pass1234 pass12345 qwerty!@# !@#$%^&*
  1234qwer 123qweasd 123456qwerty 1234abcd 123456abc 12345abc 12345qwert 31415926 correcthorsebatterystaple
  correct-horse-battery-staple
  `
    .trim()
    .split(/\s+/),
);
