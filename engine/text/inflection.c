/* SPDX-License-Identifier: MIT
 *
 * inflection.c - the list of stemming accidents; rewrite.h tells how it is read.
 *
 * All contexts end with the word. What a row writes is not the term: the stemmer still strips
 * endings from it. So System, whose -em Snowball takes for an ending, becomes Systeme, which
 * stems to system as Systems and Systemen do. Where Snowball knows no form that would do, a full
 * stop ends the term: Sicherheit would be sich, and find every reflexive verb.
 */
#include "text/inflection.h"

/* Whose feminine forms in -in and -innen are stemmed as the masculine: words in these letters.
 * Those in -er stand in rows of their own. */
#define FEMININE                                                                               \
    "dent_$ tient_$ stent_$ ferent_$ gent_$ zent_$ ument_$ rrent_$ lvent_$ ikant_$ ndant_$ "   \
    "grant_$ ylant_$ lerant_$ estant_$ rnist_$ nalist_$ ivist_$ tist_$ nist_$ list_$ rist_$ "  \
    "vist_$ ologi_$ olog_$ agog_$ onom_$ ograf_$ freund_$ feind_$ kund_$ beamt_$ soldat_$ "    \
    "didat_$ krat_$ plomat_$ arzt_$ anwalt_$ hbar_$ endar_$ retar_$ notar_$ issar_$ onar_$ "   \
    "fessor_$ ktor_$ autor_$ nator_$ teur_$ nieur_$ lleur_$ peut_$ kolleg_$ gefahrt_$ wirt_$ " \
    "genoss_$ kamerad_$ expert_$ chef_$ nachfahr_$ patriot_$ pilot_$ konig_$ furst_$ herzog_$"

/* The endings of an adjective, and of a noun in -er with its feminine. */
#define ADJECTIVE "^_$ ^_e$ ^_em$ ^_en$ ^_er$ ^_es$ ^_ere$ ^_eren$ ^_erer$ ^_eres$ ^_ste$ ^_sten$"
#define PERSON "^_$ ^_n$ ^_s$ ^_in$ ^_innen$"
#define THING "^_$ ^_n$ ^_s$"

/* clang-format off */
static const struct rewrite_row rows[] = {
    /* Afrikas, Kameras, Themas: the stemmer strips -s behind consonants only. Not Glas, Gas. */
    {"as", "as", "gl_$ g_$ gr_$ w_$ d_$ bl_$ ^_$ ^V_$ ^K_$ ^KK_$ ali_$ anan_$ atl_$ andre_$ "
                 "thom_$ luk_$ "
                 "jon_$ eli_$ matthi_$ tobi_$ nikol_$ jud_$ dall_$ tex_$ top_$ pankre_$ ma_$"},
    {"as", "a", "_$"},
    {"aus", "au", "b_$ mosk_$ ^st_$ nive_$"},
    {"alben", "album", "^_$ o_$ debut_$"},
    {"atlanten", "atlas", "^_$"},
    {"auten", "auten", "geb_$ erb_$ beb_$ verb_$"},
    {"auten", "au", "b_$"},

    /* Bauer is no Bau, Bürger are no Burg, bitter is no Bitte: the stemmer strips -er from all. */
    {"arger", "arger.", "^_$ ^_n$ ^_s$ ^_lich$ ^_liche$ ^_lichen$"},

    {"bauer", "bauer.", PERSON},
    {"berufung", "berufung.", "^_$ ^_en$"},
    {"bitter", "bitter.", ADJECTIVE " ^_keit$"},
    {"burger", "burger.", PERSON " ^_lich$ ^_liche$ ^_lichen$ ^_licher$ ^_liches$"},

    {"chs", "chse", "^fu_$ ^la_$ ^lu_$ wa_$ ^wu_$ ^da_$ fla_$"},

    {"dramen", "drama", "_$"},

    /* Regel, Regeln; Handel, handeln. */
    {"einigung", "einigung.", "^_$ ^_en$"},
    {"eln", "el", "_$"},
    {"elns", "el", "_$"},
    {"em", "eme", "syst_$ probl_$ extr_$ bequ_$ embl_$ teor_$ theor_$ diad_$"},
    {"ens", "ense", "^kons_$"},
    {"erin", "erin", "schw_$ glyz_$ lest_$ nif_$ sev_$ ^pip_$ kath_$ hi_$ ^_$"},
    {"erin", "er", "_$"},
    {"erinnen", "er", "_$"},
    {"ern", "er", "^VK_$ ^fei_$"},
    {"ews", "ew", "rvi_$ revi_$"},

    {"fels", "felse", "^_$"},
    {"finger", "finger.", THING},
    {"firmen", "firma", "_$"},
    {"freie", "frei", "^_$"},
    {"freien", "frei", "^_$"},
    {"freier", "frei", "^_$"},
    {"freies", "frei", "^_$"},
    {"freiem", "frei", "^_$"},

    {"gans", "ganse", "^_$"},
    {"globen", "globus", "_$"},

    {"hals", "hals", "sc_$"},
    {"hals", "halse", "_$"},
    {"hammer", "hammer.", THING},
    {"herrn", "herr", "_$"},
    {"hoher", "hoch", "^_$"},
    {"hohe", "hoch", "^_$"},
    {"hohen", "hoch", "^_$"},
    {"hohes", "hoch", "^_$"},
    {"hohem", "hoch", "^_$"},

    /* Participles and past tense in -iert: organisieren, organisiert, organisierte. */
    {"iert", "iert", "^v_"},
    {"iert", "ieren", "_$"},
    {"ierte", "ieren", "_$"},
    {"ierten", "ieren", "_$"},
    {"ierter", "ieren", "_$"},
    {"iertes", "ieren", "_$"},
    {"iertem", "ieren", "_$"},
    {"in", "", FEMININE},
    {"innen", "", FEMININE},
    {"innen", "in", "graf_$ gott_$ prinzess_$"},
    {"indices", "index", "_$"},
    {"indizes", "index", "_$"},
    {"inos", "ino", "^k_$ kas_$ dom_$ ^alb_$ ^d_$ flam_$"},
    {"ios", "io", "stud_$ rad_$ fol_$ szenar_$ ^tr_$ aud_$"},
    {"is", "i", "tax_$ ^komb_$ krim_$ prof_$ wik_$"},
    {"ismen", "ismus", "_$"},
    {"ium", "ium", "^stud_$"},
    {"ium", "ien", "_$"},
    {"iums", "ium", "^stud_$"},
    {"iums", "ien", "_$"},
    {"ivs", "iv", "_$"},

    {"kakteen", "kaktus", "_$"},
    {"kammer", "kammer.", THING},
    {"keks", "kekse", "_$"},
    {"kommata", "komma", "^_$"},
    {"konten", "konto", "_$"},
    {"krebs", "krebse", "_$"},
    {"kurs", "kurse", "_$"},

    {"lager", "lager.", THING},
    {"leber", "leber.", THING},
    {"lexika", "lexikon", "_$"},
    {"leute", "mann", "kauf_$ wehr_$ ^see_$ ^berg_$ fach_$ lands_$"},
    {"leuten", "mann", "kauf_$ wehr_$ ^see_$ ^berg_$ fach_$ lands_$"},

    {"lien", "l", "fossi_$ repti_$ texti_$ minera_$ materia_$"},

    {"matrizen", "matrix", "_$"},
    {"meister", "meister.", PERSON},
    {"messer", "messer.", THING},
    {"minder", "minder.", "^_$ ^_e$ ^_en$ ^_heit$ ^_heiten$"},
    {"museen", "museum", "_$"},

    {"nisse", "nis", "_$"},
    {"nissen", "nissen", "^_$"},
    {"nissen", "nis", "_$"},
    {"nisses", "nis", "_$"},

    {"order", "order.", THING},
    {"oos", "oo", "^z_$ tatt_$"},
    {"os", "o", "^sil_$ ^kil_$ ^sol_$ bur_$ eur_$ bistr_$ makr_$ mikr_$ metr_$"},
    {"os", "os", "i_$ l_$ u_$ o_$ r_$ in_$ ven_$ v_$ fam_$ p_$ z_$ amb_$ dav_$ ^_$ ^V_$ ^K_$ "
                 "a_$ th_$ sm_$ ^log_$"},
    {"os", "o", "_$"},

    {"pizzen", "pizza", "_$"},
    {"praktika", "praktikum", "_$"},
    {"ps", "p", "ty_$ inzi_$ sko_$ sho_$ pto_$ chi_$ ^tri_$ cli_$ cam_$"},
    {"puls", "pulse", "_$"},

    {"radien", "radius", "_$"},
    {"risiken", "risiko", "_$"},
    {"raster", "raster.", THING},
    {"ritter", "ritter.", THING},
    {"rn", "rne", "^inte_$ sinte_$ ^exte_$ mode_$ konze_$"},

    {"schemata", "schema", "_$"},
    {"sauer", "sauer.", ADJECTIVE},
    {"sicher", "sicher.", ADJECTIVE " ^_n$ ^_heit$ ^_heiten$ ^un_$ ^un_e$ ^un_en$ ^un_heit$ "
                          "^un_heiten$"},
    {"silber", "silber.", THING},
    {"skalen", "skala", "_$"},

    {"themen", "thema", "_$"},
    {"trauer", "trauer.", THING},
    {"thmen", "thmus", "y_$ i_$"},

    {"usse", "us", "omnib_$ stadtb_$ leitungsb_$ kleinb_$ zirk_$"},
    {"ussen", "us", "omnib_$ stadtb_$ leitungsb_$ kleinb_$ zirk_$"},

    {"vers", "vers", "K_$"},
    {"vers", "verse", "_$"},
    {"villen", "villa", "_$"},
    {"viren", "virus", "_$"},

    {"weser", "weser.", THING},
    {"wetter", "wetter.", THING},
    {"wunder", "wunder.", THING},

    {"ys", "y", "K_$"},

    {"zeitung", "zeitung.", "_$ _en$ _s$"},
    {"zentren", "zentrum", "_$"},
    {"zustandig", "zustandig.", ADJECTIVE " ^_keit$ ^_keiten$"},
    {"zins", "zinse", "_$"},
};
/* clang-format on */

void inflection_open(struct rewrite *rewrite)
{
    rewrite_prepare(rewrite, rows, sizeof rows / sizeof *rows);
}
